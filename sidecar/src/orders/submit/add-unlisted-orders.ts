import { Decimal, dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { isInDoubt, isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { type IntentRecord, notShownMark } from "../journal/intent-record.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { ORDER_LIMITS } from "../limits.ts";

/**
 * What this PC sent itself and the broker's list or the position does not show yet. Two exits sent
 * one after the other each see the same position; only the journal knows of the first.
 *
 * Gives the list with those orders added, for judging entry, exit or flip and for nothing else; null
 * when one of them has a quantity that nobody knows. `inDoubt` is `until_quiet` only where list and
 * position were both read and proved now: what proved books have not shown for the quiet period is left
 * out there, because nobody could ever close a position beside it.
 */
export function withUnlistedOrders(
  working: readonly WorkingOrderFact[] | null,
  store: Pick<OrderStore, "open" | "endedSince" | "byOrderId">,
  accountId: string,
  positionsAskedAt: number,
  inDoubt: "counts" | "until_quiet" = "counts",
): WorkingOrderFact[] | null {
  if (working === null) return null;
  const facts = [...working];
  const ended = store.endedSince(positionsAskedAt - ORDER_LIMITS.positionLagMs);
  for (const record of [...store.open(), ...ended]) {
    if (record.account_id !== accountId) continue;
    if (inDoubt === "until_quiet" && isNotShown(record)) continue;
    if (hasGone(record, store, positionsAskedAt, inDoubt)) continue;
    for (const [index, leg] of record.ticket.order.legs.entries()) {
      const order = record.orders[index];
      if (order === undefined || isKnownMissing(record, order)) continue;
      const shown = working.find(
        (fact) => fact.conid === leg.contract.conid && isShownAs(order, fact),
      );
      const still = stillTaking(record, index, positionsAskedAt);
      if (still === null) return null;
      const unseen = shown === undefined ? still : beyond(record, still, shown);
      if (!unseen.greaterThan(0)) continue;
      facts.push({
        order_id: order.order_id ?? `${record.coid}#${index}`,
        order_ref: order.order_ref,
        parent_ref: null,
        foreign: false,
        conid: leg.contract.conid,
        side: leg.side,
        order_type: leg.order_type,
        remaining: decimalText(unseen),
        limit_price: null,
        stop_price: null,
        notional: null,
        exit_only: isExitLeg(order),
        oca_group: shown === undefined ? groupOf(record, order) : null,
      });
    }
  }
  return facts;
}

type Known = IntentRecord["orders"][number];

function isShownAs(order: Known, fact: WorkingOrderFact): boolean {
  if (order.order_id !== null) return fact.order_id === order.order_id;
  return isExitLeg(order)
    ? fact.parent_ref === order.order_ref
    : fact.order_ref === order.order_ref;
}

const isExitLeg = ({ role }: Known): boolean => role === "take_profit" || role === "stop_loss";

/** In doubt still, and looked for in vain for long by books that were proved. */
const isNotShown = (record: IntentRecord): boolean =>
  isInDoubt(record.state) && record.told.includes(notShownMark(record));

/**
 * Whether a change has nothing to count any more. Its own record hears of no end where its order ended
 * unseen by any list; so it goes with its order, once that has ended or counts no more itself.
 */
function hasGone(
  { action, state, ticket, account_id }: IntentRecord,
  store: Pick<OrderStore, "byOrderId">,
  positionsAskedAt: number,
  inDoubt: "counts" | "until_quiet",
): boolean {
  const { target } = ticket.order;
  if (action !== "modify" || target == null) return false;
  const changed = store.byOrderId(target.order_id);
  if (changed === null || changed.account_id !== account_id) return false;
  // Of a bracket only one leg is changed, and its exits outlive the entry's end.
  if (changed.orders.length !== 1) return false;
  // What filled late may have filled as changed.
  const late = changed.updated_at >= positionsAskedAt - ORDER_LIMITS.positionLagMs;
  if (isTerminal(changed.state)) return !late;
  const held = state === "working" || state === "partially_filled";
  return held && inDoubt === "until_quiet" && isNotShown(changed);
}

/** A bracket's exit that a proved book was searched for in vain. */
const isKnownMissing = (record: IntentRecord, order: Known): boolean =>
  isExitLeg(order) && order.order_id === null && record.told.includes("looked_for_exits");

/**
 * One fill ends the others of a group, and one exit of a bracket the other; an order and a change
 * of it are one order.
 */
function groupOf(record: IntentRecord, order: Known): string | null {
  if (record.ticket.order.structure === "oca") return `own ${record.coid}`;
  if (isExitLeg(order)) return `own exits ${record.coid}`;
  return order.order_id === null ? null : `own order ${order.order_id}`;
}

/**
 * What one order may still take from the position that was read: all that is not known to have
 * traded or ended, and what traded so late that the read may not hold it.
 */
function stillTaking(
  record: IntentRecord,
  index: number,
  positionsAskedAt: number,
): Decimal | null {
  const order = record.orders[index];
  const quantity = record.ticket.order.legs[index]?.quantity ?? null;
  const late = record.updated_at >= positionsAskedAt - ORDER_LIMITS.positionLagMs;
  const before = record.action === "modify" ? record.ticket.order.target?.filled_quantity : "0";
  if (order !== undefined && (isTerminal(order.state) || isTerminal(record.state))) {
    // A bracket's exits outlive its entry; everything else ends with its record.
    const lives = !isTerminal(order.state) && isExitLeg(order);
    if (!lives || record.state !== "filled") {
      if (!late || record.action === "modify") return new Decimal(0);
      if (order.filled !== null) return dec(order.filled);
      const traded = order.state === "filled" || record.state === "filled";
      if (!traded) return new Decimal(0);
      return quantity === null ? null : dec(quantity);
    }
  }
  if (quantity === null) return null;
  const filled = late ? (before ?? "0") : (order?.filled ?? before ?? "0");
  return Decimal.max(0, dec(quantity).minus(dec(filled)));
}

/** A shown order counts by the list, unless a change on its way makes it larger. */
function beyond(record: IntentRecord, still: Decimal, shown: WorkingOrderFact): Decimal {
  const settled = record.state === "working" || record.state === "partially_filled";
  if (record.action !== "modify" || settled || isTerminal(record.state)) return new Decimal(0);
  return still.minus(dec(shown.remaining));
}
