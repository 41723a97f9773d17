import { PREVIEW_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { deleteUnneeded } from "../tables/joint/no-longer-needed.ts";
import { insertPreview, type Preview } from "../tables/previews.ts";

/** A preview that nothing hangs on is worth nothing a day later. */
const UNASKED_KEPT_MS = 86_400_000;
/** Their number is bounded by how often an agent may ask in a day. */
const ALL = -1;

/** Keeps a preview; the sidecar's own limit ends it earlier where that is sooner. */
export function storePreview(
  sql: SqlStorage,
  preview: Omit<Preview, "economicHash" | "createdAt" | "expiresAt" | "brokerAccount"> & {
    keptUntilMs: number;
  },
  nowMs: number,
): Preview {
  const { keptUntilMs, ...made } = preview;
  const stored: Preview = {
    ...made,
    brokerAccount: preview.ticket.order.account_id,
    economicHash: economicHash(preview.ticket.order),
    createdAt: nowMs,
    expiresAt: Math.min(nowMs + PREVIEW_SECONDS * 1_000, keptUntilMs),
  };
  deleteUnneeded(sql, "previews", nowMs - UNASKED_KEPT_MS, ALL);
  insertPreview(sql, stored);
  return stored;
}
