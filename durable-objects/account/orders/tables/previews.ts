import { PREVIEW_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
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

/** Keeps a preview; the sidecar's own limit ends it earlier where that is sooner. */
export function storePreview(
  sql: SqlStorage,
  preview: Omit<Preview, "economicHash" | "createdAt" | "expiresAt" | "brokerAccount"> & {
    keptUntilMs: number;
  },
  nowMs: number,
): Preview {
  const stored: Preview = {
    previewId: preview.previewId,
    clientId: preview.clientId,
    brokerAccount: preview.ticket.order.account_id,
    economicHash: economicHash(preview.ticket.order),
    sidecarId: preview.sidecarId,
    generation: preview.generation,
    ticket: preview.ticket,
    facts: preview.facts,
    leastTier: preview.leastTier,
    createdAt: nowMs,
    expiresAt: Math.min(nowMs + PREVIEW_SECONDS * 1_000, preview.keptUntilMs),
  };
  // A preview that nothing hangs on is worth nothing a day later.
  sql.exec(
    `DELETE FROM order_previews WHERE expires_at < ?
       AND preview_id NOT IN (SELECT preview_id FROM order_approvals)`,
    nowMs - 86_400_000,
  );
  sql.exec(
    `INSERT INTO order_previews (preview_id, client_id, broker_account, economic_hash, sidecar_id,
       generation, ticket, facts, least_tier, created_at, expires_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    stored.previewId,
    stored.clientId,
    stored.brokerAccount,
    stored.economicHash,
    stored.sidecarId,
    stored.generation,
    JSON.stringify(stored.ticket),
    JSON.stringify(stored.facts),
    stored.leastTier,
    stored.createdAt,
    stored.expiresAt,
  );
  return stored;
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
    ticket: Ticket.parse(JSON.parse(row.ticket)),
    facts: PreviewFacts.parse(JSON.parse(row.facts)),
    leastTier: row.least_tier,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
