import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { approvedOfPreview } from "../../trust/tables/approver-envelopes.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";

/**
 * One preview is one order at most: two yeses to one preview would else be two orders of the same. What
 * was refused before it was sent is none, and leaves the preview to the next try.
 */
export function orderedHereBefore(
  store: Pick<OrderStore, "hasOrderOf">,
  previewId: string,
  nowMs: number,
): OrderRefusal[] {
  return store.hasOrderOf(previewId, nowMs - 2 * ORDER_LIMITS.previewKeptMs) ? [secondOne()] : [];
}

/** The same before it is asked about on a page of its owner's: a yes that still stands counts too. */
export function approvedBefore(
  store: Pick<OrderStore, "hasOrderOf" | "db">,
  previewId: string,
  nowMs: number,
): OrderRefusal[] {
  return approvedOfPreview(store.db, previewId, nowMs)
    ? [secondOne()]
    : orderedHereBefore(store, previewId, nowMs);
}

const secondOne = (): OrderRefusal =>
  refusal(
    "APPROVAL_CONSUMED",
    "preview_id",
    "one_order",
    "This preview led to an order already. One preview is one order: a second one needs a preview of its own.",
  );
