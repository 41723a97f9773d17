import { KeptFindings } from "@ibkr-edge-gateway/policy/since-preview.ts";
import { parseCarrying } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { PreviewFacts, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as z from "zod";

/** A ticket as the sidecar made it, for as long as it may be submitted. */
export interface Preview {
  previewId: string;
  clientId: string;
  brokerAccount: string;
  economicHash: string;
  sidecarId: string;
  generation: number;
  ticket: Ticket;
  facts: PreviewFacts;
  leastTier: 1 | 2;
  createdAt: number;
  expiresAt: number;
}

/** What is kept beside the ticket: what the PC said of it, and what the rules found. */
export interface PreviewNotes {
  pcRefusals: readonly OrderRefusal[];
  /** What the PC said it read from. */
  source: string;
  findings: KeptFindings;
}

export function insertPreview(
  sql: SqlStorage,
  preview: Preview,
  notes: PreviewNotes | null = null,
): void {
  sql.exec(
    `INSERT INTO order_previews (preview_id, client_id, broker_account, economic_hash, sidecar_id,
       generation, ticket, facts, least_tier, created_at, expires_at, pc_refusals, source, findings)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    preview.previewId,
    preview.clientId,
    preview.brokerAccount,
    preview.economicHash,
    preview.sidecarId,
    preview.generation,
    JSON.stringify(preview.ticket),
    JSON.stringify(preview.facts),
    preview.leastTier,
    preview.createdAt,
    preview.expiresAt,
    notes === null ? null : JSON.stringify(notes.pcRefusals),
    notes?.source ?? null,
    notes === null ? null : JSON.stringify(notes.findings),
  );
}

/** What the rules found at the preview; null when it is gone, or was made before this was kept. */
export function findingsAtPreview(sql: SqlStorage, previewId: string): KeptFindings | null {
  const findings = noted(sql, previewId)?.findings;
  return findings == null ? null : KeptFindings.parse(JSON.parse(findings));
}

export function pcRefusals(sql: SqlStorage, previewId: string): OrderRefusal[] {
  const refusals = noted(sql, previewId)?.pc_refusals;
  return refusals == null ? [] : z.array(OrderRefusal).parse(JSON.parse(refusals));
}

/** What the PC said it read from; null when the preview is gone, or is older than such notes. */
export function previewSource(sql: SqlStorage, previewId: string): string | null {
  return noted(sql, previewId)?.source ?? null;
}

function noted(sql: SqlStorage, previewId: string) {
  const [row] = sql
    .exec<{ pc_refusals: string | null; source: string | null; findings: string | null }>(
      "SELECT pc_refusals, source, findings FROM order_previews WHERE preview_id = ?",
      previewId,
    )
    .toArray();
  return row;
}

const Row = z.object({
  preview_id: z.string(),
  client_id: z.string(),
  broker_account: z.string(),
  economic_hash: z.string(),
  sidecar_id: z.string(),
  generation: z.number(),
  ticket: z.string(),
  facts: z.string(),
  least_tier: z.union([z.literal(1), z.literal(2)]),
  created_at: z.number(),
  expires_at: z.number(),
});

export function findPreview(sql: SqlStorage, previewId: string): Preview | null {
  const [found] = sql
    .exec("SELECT * FROM order_previews WHERE preview_id = ?", previewId)
    .toArray();
  if (found === undefined) return null;
  const row = Row.parse(found);
  return {
    previewId: row.preview_id,
    clientId: row.client_id,
    brokerAccount: row.broker_account,
    economicHash: row.economic_hash,
    sidecarId: row.sidecar_id,
    generation: row.generation,
    ticket: parseCarrying(Ticket, JSON.parse(row.ticket)),
    facts: PreviewFacts.parse(JSON.parse(row.facts)),
    leastTier: row.least_tier,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** The positions as the account's newest preview found them; null where it could not, or there is none. */
export function latestPositions(sql: SqlStorage, account: string): PreviewFacts["positions"] {
  const [row] = sql
    .exec<{ facts: string }>(
      `SELECT facts FROM order_previews INDEXED BY order_previews_recent WHERE broker_account = ?
       ORDER BY created_at DESC LIMIT 1`,
      account,
    )
    .toArray();
  const facts = row === undefined ? null : PreviewFacts.safeParse(JSON.parse(row.facts));
  return facts?.success ? facts.data.positions : null;
}

/** The tickets of the latest previews; one of an older shape is left out. */
export function latestTickets(sql: SqlStorage, limit: number): Ticket[] {
  return sql
    .exec<{ ticket: string }>(
      "SELECT ticket FROM order_previews ORDER BY created_at DESC LIMIT ?",
      limit,
    )
    .toArray()
    .flatMap(({ ticket }) => {
      const parsed = Ticket.safeParse(JSON.parse(ticket));
      return parsed.success ? [parsed.data] : [];
    });
}

/** The previews made from one moment until another, the oldest first. */
export function previewsMade(
  sql: SqlStorage,
  fromMs: number,
  beforeMs: number,
  limit: number,
): { previewId: string; createdAt: number }[] {
  return sql
    .exec<{ preview_id: string; created_at: number }>(
      `SELECT preview_id, created_at FROM order_previews
       WHERE created_at >= ? AND created_at < ? ORDER BY created_at LIMIT ?`,
      fromMs,
      beforeMs,
      limit,
    )
    .toArray()
    .map(({ preview_id, created_at }) => ({ previewId: preview_id, createdAt: created_at }));
}
