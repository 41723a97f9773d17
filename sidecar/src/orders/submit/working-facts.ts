import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import type { Contract } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  Decimal,
  dec,
  decimalText,
  OrderDecimal,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { PositionFact, WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { canStillTrade } from "../../client-portal/domain/order-rows.ts";
import { readOrders } from "../../operation-handlers/live-orders.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import type { OrderStore } from "../journal/order-store.ts";
import type { Fact } from "./dated-fact.ts";
import { figure, orNull, type RateTable } from "./market-and-account-reads.ts";
import { contractsOf, workingValue } from "./working-value.ts";

/** The account's orders that can still trade, ours and foreign ones. */
export interface WorkingBook {
  working: WorkingOrderFact[];
  /** Orders that may trade and that nobody could read whole. */
  unread: UnreadOrder[];
}

/** What is known of an order that could not be read whole. */
export interface UnreadOrder {
  order_id: string | null;
  /** Null where the row names no contract, or several. */
  conid: number | null;
  side: Side | null;
  /** What it may still trade at most; null when that is not known. */
  remaining: string | null;
}

/** Null when the broker did not answer, or the list is not proved. */
export async function readWorkingFacts(
  context: OperationContext,
  account: ResolvedAccount,
  store: Pick<OrderStore, "byRef" | "byOrderId">,
  rates: RateTable | null,
  /** Whether their values are asked for; what an exit is judged by does not wait for them. */
  valued = true,
): Promise<Fact<WorkingBook> | null> {
  const read = await orNull(readOrders(context, account));
  // An empty day is never fully proved by the broker's list; two looks at it are what there is.
  if (read === null || (!read.looked && read.orders.length > 0)) return null;
  // What vanished from the list without an end counts as it stood.
  const shown = [...read.orders, ...read.vanished];
  const refs = new Map(shown.map((order) => [order.order_id, order.order_ref]));
  const working: WorkingOrderFact[] = [];
  const unread: UnreadOrder[] = [...read.unread];
  const standing = shown.filter(({ status }) => canStillTrade(status));
  const contracts = valued ? await contractsOf(context, standing) : new Map<number, Contract>();
  for (const order of standing) {
    const contract = order.conid === null ? null : (contracts.get(order.conid) ?? null);
    const fact = factOf(order, refs, store, { rates, contract });
    if (fact === null) unread.push(remainsOf(order));
    else working.push(fact);
  }
  return { value: { working, unread }, ...read.part, proved: true };
}

function factOf(
  order: Order,
  refs: ReadonlyMap<string, string | null>,
  store: Pick<OrderStore, "byRef" | "byOrderId">,
  by: { rates: RateTable | null; contract: Contract | null },
): WorkingOrderFact | null {
  const remaining = figure(order.remaining);
  if (order.conid === null || order.side === null || remaining === null) return null;
  if (!OrderDecimal.safeParse(remaining).success) return null;
  const rate = order.currency === null ? undefined : by.rates?.get(order.currency);
  const own =
    order.order_ref === null ? store.byOrderId(order.order_id) : store.byRef(order.order_ref);
  return {
    order_id: order.order_id,
    order_ref: order.order_ref,
    parent_ref: order.parent_id === null ? null : (refs.get(order.parent_id) ?? order.parent_id),
    foreign: own === null,
    conid: order.conid,
    side: order.side === "buy" ? "BUY" : "SELL",
    order_type: order.order_type ?? "UNKNOWN",
    remaining,
    limit_price: figure(order.limit_price),
    stop_price: figure(order.stop_price),
    notional: workingValue(order, remaining, by.contract, rate),
    exit_only: order.parent_id !== null,
    oca_group: order.oca_group,
  };
}

const SIDES = { buy: "BUY", sell: "SELL" } as const;

/** Without a remaining quantity all of it may still trade. */
const remainsOf = ({ order_id, conid, side, remaining, quantity }: Order): UnreadOrder => ({
  order_id,
  conid,
  side: side === null ? null : SIDES[side],
  remaining: remaining ?? quantity,
});

/**
 * The book as an exit has to count it: an order of a known contract that could not be read takes as
 * much as it may, on either side where its side is not known, and the whole position where its size
 * is not. One whose contract nobody knows is not among them; it is named by {@link unreadNotes}.
 */
export function atWorst(
  { working, unread }: WorkingBook,
  positions: readonly PositionFact[],
): WorkingOrderFact[] {
  const worst = unread.flatMap((order, index) => {
    const { conid } = order;
    if (conid === null) return [];
    const sides: readonly Side[] = order.side === null ? ["BUY", "SELL"] : [order.side];
    return sides.map(
      (side): WorkingOrderFact => ({
        order_id: order.order_id ?? `unread#${index}`,
        order_ref: null,
        parent_ref: null,
        foreign: true,
        conid,
        side,
        order_type: "UNKNOWN",
        remaining: mostOf(order, conid, positions),
        limit_price: null,
        stop_price: null,
        notional: null,
        exit_only: false,
        oca_group: null,
      }),
    );
  });
  return [...working, ...worst];
}

/** Six decimals are what an order may have; what lies beyond is rounded against the exit. */
function mostOf(
  { remaining }: UnreadOrder,
  conid: number,
  positions: readonly PositionFact[],
): string {
  const said = parseFigure(figure(remaining));
  if (said !== null) {
    const most = decimalText(said.abs().toDecimalPlaces(6, Decimal.ROUND_UP));
    if (OrderDecimal.safeParse(most).success) return most;
  }
  const held = positions
    .filter((position) => position.conid === conid)
    .reduce((sum, { quantity }) => sum.plus(dec(quantity)), new Decimal(0));
  return decimalText(held.abs());
}

/** What is said beside an order while there are such rows. */
export function unreadNotes({ unread }: WorkingBook): string[] {
  const named = (orders: readonly UnreadOrder[]): string => {
    const ids = orders.flatMap(({ order_id }) => order_id ?? []);
    return ids.length === 0 ? "" : ` (${ids.slice(0, 10).join(", ")})`;
  };
  const known = unread.filter(({ conid }) => conid !== null);
  const nowhere = unread.filter(({ conid }) => conid === null);
  return [
    ...(known.length === 0
      ? []
      : [
          `${counted(known.length, "working order")} of the broker's list could not be read whole${named(known)}: an exit in the same contract counts it as the worst it can be.`,
        ]),
    ...(nowhere.length === 0
      ? []
      : [
          `${counted(nowhere.length, "working order")} of the broker's list names no contract that could be read${named(nowhere)}: an exit may be no larger than the position held, and does not count it.`,
        ]),
  ];
}
