import { evidenceOfStatus, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { apply, type IntentDraft, note } from "../journal/intent-change.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { applyFinding, checkProtection } from "./apply-finding.ts";
import { startDoubt } from "./orders-in-doubt.ts";
import { readSoon } from "./plan-book-read.ts";
import { gatewaySays, intentOf, type TrackingDraft } from "./tracking-draft.ts";
import type { AcceptanceCheck, OrderStatusRead } from "./tracking-state.ts";

/** Accepted and not seen; or seen, with a bracket's exits or a group's members still to be seen. */
function isUnseen(record: IntentRecord): boolean {
  if (record.state === "accepted") return true;
  const stands =
    record.state === "working" || record.state === "partially_filled" || record.state === "filled";
  return (
    stands &&
    record.ticket.order.structure !== "single" &&
    record.orders.some(({ state }) => state === "submitting" || state === "accepted")
  );
}

const nextCheckMs = (turn: number): number => {
  const looks = ORDER_LIMITS.seenLooksMs;
  return looks[Math.min(turn, looks.length - 1)] ?? 20_000;
};

export function startWatch(draft: TrackingDraft, coid: string): void {
  draft.watches.set(coid, { turn: 0, dueAt: draft.env.now + nextCheckMs(0) });
}

/** Looks with what costs nothing; asks the broker's list only when that does not show the order. */
export function checkAcceptance(draft: TrackingDraft, intent: IntentDraft, turn: number): void {
  if (!isUnseen(intent.record)) return;
  const view = draft.env.streamed();
  if (view !== null) applyFinding(draft, intent, view);
  const going: AcceptanceCheck = { coid: intent.record.coid, turn, streamless: view === null };
  const { record } = intent;
  if (record.ticket.order.structure !== "bracket" || !draft.env.ready) {
    planNextCheck(draft, going);
    return;
  }
  // A bracket's exits by their own status: it is not paced like the list, so it takes a second.
  draft.acts.push({
    kind: "read_statuses",
    look: going,
    version: record.version,
    orderIds: record.orders.flatMap(({ order_id }) => order_id ?? []),
  });
}

/** The statuses are laid over the orders, unless something else spoke of them meanwhile. */
export function statusesRead(
  draft: TrackingDraft,
  going: AcceptanceCheck,
  version: number,
  statuses: readonly OrderStatusRead[] | null,
): void {
  const intent = intentOf(draft, going.coid);
  if (intent === null) return;
  if (statuses !== null && intent.record.version === version) {
    const orders = intent.record.orders.map((order) => {
      const read = statuses.find(({ orderId }) => orderId === order.order_id);
      return read === undefined ? order : withStatus(order, read.status);
    });
    if (JSON.stringify(orders) !== JSON.stringify(intent.record.orders)) note(intent, { orders });
    checkProtection(intent);
  }
  planNextCheck(draft, going);
}

function withStatus(
  order: IntentRecord["orders"][number],
  read: OrderStatusRead["status"],
): IntentRecord["orders"][number] {
  if (read === null) return order;
  const says = evidenceOfStatus(read.status ?? "", read.filled, read.remaining);
  if (says === null) return order;
  const ended =
    says === "filled" || says === "cancelled" || says === "rejected" || says === "expired";
  // One read by itself, perhaps begun before, takes no end back: the book does.
  if (!ended && isTerminal(order.state)) return order;
  return {
    ...order,
    state: ended ? says : "working",
    broker_status: read.status?.slice(0, 40) ?? null,
    filled: read.filled,
    remaining: read.remaining,
  };
}

/** Not seen by this look: the next one is planned, or the acceptance is in doubt. */
function planNextCheck(draft: TrackingDraft, { coid, turn, streamless }: AcceptanceCheck): void {
  const intent = intentOf(draft, coid);
  if (intent === null || !isUnseen(intent.record)) return;
  if (streamless || turn >= 2) readSoon(draft, false);
  const { record } = intent;
  const { now } = draft.env;
  const since = record.sent_at ?? record.created_at;
  if (record.state === "accepted" && now - since >= ORDER_LIMITS.seenWithinMs) {
    apply(intent, gatewaySays(draft, "ambiguous"));
    startDoubt(draft, coid);
    return;
  }
  draft.watches.set(coid, { turn: turn + 1, dueAt: now + nextCheckMs(turn + 1) });
}
