import type { PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { KeptFindings, keptFindings } from "@ibkr-edge-gateway/policy/since-preview.ts";
import type { PreviewedTicket } from "@ibkr-edge-gateway/protocol/operations/order-preview.ts";
import { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import * as z from "zod";

/** What is kept beside a preview for a day: what the PC said of it, and what the rules found. */
const KEPT_MS = 86_400_000;

export function keepNotes(
  sql: SqlStorage,
  previewId: string,
  answer: Pick<PreviewedTicket, "local_refusals" | "source">,
  nowMs: number,
): void {
  sql.exec("DELETE FROM order_preview_notes WHERE made_at < ?", nowMs - KEPT_MS);
  sql.exec(
    "INSERT INTO order_preview_notes (preview_id, pc_refusals, source, made_at) VALUES (?, ?, ?, ?)",
    previewId,
    JSON.stringify(answer.local_refusals),
    answer.source,
    nowMs,
  );
}

export function keepFindings(sql: SqlStorage, previewId: string, verdict: PolicyVerdict): void {
  sql.exec(
    "UPDATE order_preview_notes SET findings = ? WHERE preview_id = ?",
    JSON.stringify(keptFindings(verdict)),
    previewId,
  );
}

/** What the rules found at the preview; null when it is gone, or was made before this was kept. */
export function findingsAtPreview(sql: SqlStorage, previewId: string): KeptFindings | null {
  const [row] = sql
    .exec<{ findings: string | null }>(
      "SELECT findings FROM order_preview_notes WHERE preview_id = ?",
      previewId,
    )
    .toArray();
  return row?.findings == null ? null : KeptFindings.parse(JSON.parse(row.findings));
}

export function pcRefusals(sql: SqlStorage, previewId: string): OrderRefusal[] {
  const [row] = sql
    .exec<{ pc_refusals: string }>(
      "SELECT pc_refusals FROM order_preview_notes WHERE preview_id = ?",
      previewId,
    )
    .toArray();
  return row === undefined ? [] : z.array(OrderRefusal).parse(JSON.parse(row.pc_refusals));
}

/** What the PC said it read from; null when the note is gone. */
export function previewSource(sql: SqlStorage, previewId: string): string | null {
  const [row] = sql
    .exec<{ source: string }>(
      "SELECT source FROM order_preview_notes WHERE preview_id = ?",
      previewId,
    )
    .toArray();
  return row?.source ?? null;
}
