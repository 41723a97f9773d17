import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Effect, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { withinShare } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { Clock } from "../../client-portal/clock.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { PreviewPlace } from "../journal/tables/previews.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { type LocalRules, usageOf } from "../local-policy/local-rules.ts";

/**
 * Keeps a ticket under its preview's id, with what was used of the day's limits when it was made. On a
 * full disk only an exit or a cancel is kept.
 * @param share whose place it takes among those of all clients
 * @throws GatewayError when this client, or all together, keep too many of the other orders
 */
export function keepTicket(
  {
    store,
    rules,
    clock,
  }: { store: OrderStore; rules: Pick<LocalRules, "diskFault">; clock: Pick<Clock, "now"> },
  previewId: string,
  share: PreviewPlace["share"],
  made: { ticket: Ticket; effect: Effect | null; generation: number; dailyPnl: string | null },
): void {
  const { ticket, effect, generation, dailyPnl } = made;
  const reduces = effect?.kind === "exit" || ticket.order.action === "cancel";
  const place = { share, reduces };
  makeRoom(store, place, clock.now());
  // What a full disk refuses anyway takes none of the room that is left.
  if (!reduces && (rules.diskFault?.() ?? null) !== null) return;
  const usage = { ...usageOf(store, clock.now(), dailyPnl), effect: effect?.kind ?? null };
  const preview = { ticket, generation, echo: null, madeAt: clock.now(), usage };
  store.keepPreview(previewId, preview, place);
}

/**
 * A place for one more ticket. An exit or a cancel always has one: of its own client's the oldest goes.
 * @throws GatewayError when this client, or all together, keep too many of the other orders
 */
function makeRoom(
  store: Pick<OrderStore, "previewsSince" | "dropOldestPreview">,
  place: PreviewPlace,
  nowMs: number,
): void {
  const { previewKeptMs, previewsKept, exitPreviewsKept } = ORDER_LIMITS;
  const { taken, own } = store.previewsSince(nowMs - previewKeptMs, place);
  const places = place.reduces ? exitPreviewsKept : previewsKept;
  if (withinShare(own, taken, places)) return;
  if (place.reduces) {
    if (own > 0) store.dropOldestPreview(place);
    return;
  }
  throw new GatewayError(
    failure(
      "RATE_LIMITED",
      `This PC keeps ${counted(own, "prepared order")} of this client and ${taken} in all of the last two hours, so it prepares only exits and cancels for it. Wait, and prepare fewer.`,
      { retryable: true, retry_after_ms: ORDER_LIMITS.pruneEveryMs },
    ),
  );
}
