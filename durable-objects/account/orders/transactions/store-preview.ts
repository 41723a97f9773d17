import { PREVIEW_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { insertPreview, type Preview, type PreviewNotes } from "../tables/previews.ts";

/** A preview as the PC made it; the sidecar's own limit ends it earlier where that is sooner. */
export function madePreview(
  preview: Omit<Preview, "economicHash" | "createdAt" | "expiresAt" | "brokerAccount"> & {
    keptUntilMs: number;
  },
  nowMs: number,
): Preview {
  const { keptUntilMs, ...made } = preview;
  return {
    ...made,
    brokerAccount: preview.ticket.order.account_id,
    economicHash: economicHash(preview.ticket.order),
    createdAt: nowMs,
    expiresAt: Math.min(nowMs + PREVIEW_SECONDS * 1_000, keptUntilMs),
  };
}

/** Makes a preview and keeps it, with what is known beside the ticket. */
export function storePreview(
  sql: SqlStorage,
  made: Parameters<typeof madePreview>[0],
  nowMs: number,
  notes: PreviewNotes | null = null,
): Preview {
  const preview = madePreview(made, nowMs);
  insertPreview(sql, preview, notes);
  return preview;
}
