import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { IntentStateEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/order-events.ts";
import {
  type CanonicalOrder,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isStop } from "@ibkr-edge-gateway/protocol/orders/order-words.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { BrokerEvent } from "../../client-portal/events/broker-event.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { Progress } from "./progress.ts";

/**
 * A position is closed beside the orders that protect it: a stop of its own, or a bracket's exits. They
 * must not stand in the way of its end, and after it they would open the other side. So they are left
 * out where an exit is judged, named where it is prepared, and offered to the owner for cancelling as
 * soon as it has filled. They are not cancelled unasked: if the fill closed a part, they still protect
 * the rest.
 */

/** One of this PC's own stops that stands by itself, placed to leave a position. */
function isOwnStop(store: Pick<OrderStore, "byOrderId" | "byRef">, fact: WorkingOrderFact) {
  const ref = fact.order_ref === null ? null : store.byRef(fact.order_ref);
  const record = ref ?? store.byOrderId(fact.order_id);
  if (record === null || record.effect !== "exit") return false;
  const { structure, legs } = record.ticket.order;
  return structure === "single" && legs.every(isStop);
}

/** What may take from the position before this order does. A second stop beside one is not left out. */
export function withoutOwnStops(
  order: CanonicalOrder,
  taking: readonly WorkingOrderFact[],
  store: Pick<OrderStore, "byOrderId" | "byRef">,
): WorkingOrderFact[] {
  if (order.legs.some(isStop)) return [...taking];
  return taking.filter((fact) => !isOwnStop(store, fact));
}

/** Tells the owner what still works against a position once an exit of it has filled. */
export function createLeftoverWatch(parts: {
  store: Pick<OrderStore, "intent" | "open" | "endedSince">;
  progress: Pick<Progress, "alert">;
  nowMs(): number;
}): (event: BrokerEvent) => void {
  return (event) => {
    const told = IntentStateEvent.safeParse(event.payload);
    if (!told.success || told.data.state !== "filled") return;
    const record = parts.store.intent(told.data.coid);
    if (record === null || record.effect !== "exit") return;
    const left = standing(parts, record);
    if (left.length === 0) return;
    parts.progress.alert({
      alert: "needs_owner",
      message: `An exit has filled, and ${namedOrders(left)} may still trade the same position. If it is closed, cancel what is left, or the other side is opened; if a part is left, see that no order is larger than it.`,
      cancelOffered: left,
      record,
    });
  };
}

/** What is said where an exit is prepared beside orders that protect the position. */
export function besideNote(
  order: CanonicalOrder,
  working: readonly WorkingOrderFact[],
  store: Pick<OrderStore, "byOrderId" | "byRef">,
): string | null {
  const { contract, side } = principalLeg(order);
  const beside = working.filter(
    (fact) =>
      fact.conid === contract.conid &&
      fact.side === side &&
      fact.order_id !== order.target?.order_id &&
      (fact.exit_only || isOwnStop(store, fact)),
  );
  return beside.length === 0
    ? null
    : `${namedOrders(beside.map(({ order_id }) => order_id))} of the same position keep working beside this one. Once it has filled, cancel what is left, or the other side may be opened.`;
}

/** `2 orders (11, 12)`. */
const namedOrders = (ids: readonly string[]): string =>
  `${counted(ids.length, "order")} (${ids.slice(0, 10).join(", ")})`;

/** The broker's numbers of this PC's own exits of the same contract and side that have not ended. */
function standing(
  { store, nowMs }: Parameters<typeof createLeftoverWatch>[0],
  filled: IntentRecord,
): string[] {
  const [leg] = filled.ticket.order.legs;
  const own = new Set(filled.orders.map(({ order_id }) => order_id));
  const known = [...store.open(), ...store.endedSince(nowMs() - ORDER_LIMITS.intentKeptMs)];
  const left = known.flatMap((record) => {
    if (record.account_id !== filled.account_id || record.coid === filled.coid) return [];
    return record.orders.flatMap((order, index) => {
      const other = record.ticket.order.legs[index];
      const same = other?.side === leg?.side && other?.contract.conid === leg?.contract.conid;
      const exits =
        order.role === "stop_loss" || order.role === "take_profit"
          ? record.state === "filled" || record.state === "partially_filled"
          : record.effect === "exit" && !isTerminal(record.state);
      const stands = !isTerminal(order.state) && order.order_id !== null;
      return same && exits && stands && !own.has(order.order_id) ? (order.order_id ?? []) : [];
    });
  });
  return [...new Set(left)];
}
