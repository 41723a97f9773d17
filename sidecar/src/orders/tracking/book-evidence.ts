import type { IntentOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { compareDecimals } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import {
  evidenceOfStatus,
  type OrderEvidence,
} from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { Decimal } from "decimal.js";
import { label } from "../../client-portal/broker-text.ts";
import { termsOfRow } from "../../client-portal/domain/order-rows.ts";
import type { OrderRow } from "../../client-portal/endpoints/orders.ts";
import type { TradeRow } from "../../client-portal/endpoints/trades.ts";
import { type IntentRecord, principalOrder } from "../journal/intent-record.ts";

/** What the broker's book says about the orders of one intent. Pure. */
export interface BookView {
  orders: readonly OrderRow[];
  trades: readonly TradeRow[];
  source: "live_orders" | "order_stream";
  /** RFC 3339, milliseconds. */
  at: string;
  /** When the read began, ms; only such a view can overturn an end that was proved before it. */
  startedAt: number | null;
}

export interface Finding {
  /** Every order of the intent with what the book adds; the same length and order as the record's. */
  orders: IntentOrder[];
  /** What it says about the intent as a whole; null when the book holds nothing of it. */
  evidence: OrderEvidence | null;
  /**
   * The book holds something of the intent, also where its state cannot be told (a status word that
   * nobody knows, a fill of unknown size): whatever it is, it is not absent.
   */
  present: boolean;
  /** Rows with the intent's reference beyond those that one intent can have. */
  surplus: string[];
}

const accountOf = (row: OrderRow): string | null => row.account ?? row.acct;

export function findInBook(record: IntentRecord, book: BookView): Finding {
  const rows = book.orders.filter((row) => accountOf(row) === record.account_id);
  const principal = principalOrder(record);
  const parentIds = new Set(
    rows
      .filter((row) => principal !== undefined && row.order_ref === principal.order_ref)
      .flatMap((row) => row.orderId ?? []),
  );
  // A view may hold a child alone; its parent's id is known from before.
  if (principal?.order_id != null) parentIds.add(principal.order_id);
  const used = new Set<string>();
  /** What this view itself speaks of; the rest is what was known before. */
  const spoken = new Set<string>();
  const orders = record.orders.map((order): IntentOrder => {
    const row = rows.find(
      (one) => one.orderId !== null && !used.has(one.orderId) && isRowOf(order, one, parentIds),
    );
    const found = row === undefined ? withTrades(record, order, book.trades) : ofRow(order, row);
    if (row?.orderId != null) used.add(row.orderId);
    if (found !== order) spoken.add(found.role + found.order_ref);
    return found;
  });
  const surplus = rows
    .filter(
      (row) =>
        record.action === "place" &&
        row.orderId !== null &&
        !used.has(row.orderId) &&
        row.order_ref !== null &&
        record.orders.some(({ order_ref }) => order_ref === row.order_ref) &&
        row.parentId === null,
    )
    .flatMap((row) => row.orderId ?? []);
  const evidence =
    record.action === "modify"
      ? modifyEvidence(record, rows, book)
      : placeEvidence(record, orders, (one) => spoken.has(one.role + one.order_ref), book);
  return { orders, evidence, present: evidence !== null || isPresent(record, rows, book), surplus };
}

function isPresent(record: IntentRecord, rows: readonly OrderRow[], book: BookView): boolean {
  if (record.action === "modify") {
    // The order in its old terms proves that the change is absent; a row in an unknown state nothing.
    const row = rows.find((one) => one.orderId === record.ticket.order.target?.order_id);
    return (
      row !== undefined &&
      evidenceOfStatus(row.status ?? "", row.filledQuantity, row.remainingQuantity) === null
    );
  }
  const refs = new Set(record.orders.map(({ order_ref }) => order_ref));
  const ids = new Set(record.orders.flatMap(({ order_id }) => order_id ?? []));
  const ours = (ref: string | null, id: string | null): boolean =>
    (ref !== null && refs.has(ref)) || (id !== null && ids.has(id));
  return (
    // A row that does not name its account may be of this one.
    book.orders.some(
      (row) =>
        (accountOf(row) ?? record.account_id) === record.account_id &&
        (ours(row.order_ref, row.orderId) || (row.parentId !== null && ids.has(row.parentId))),
    ) || book.trades.some((trade) => ours(trade.order_ref, trade.order_id))
  );
}

function isRowOf(order: IntentOrder, row: OrderRow, parentIds: ReadonlySet<string>): boolean {
  if (order.order_id !== null) return row.orderId === order.order_id;
  if (order.role === "take_profit" || order.role === "stop_loss") {
    const child = row.parentId !== null && parentIds.has(row.parentId);
    return child && isStop(row) === (order.role === "stop_loss");
  }
  return row.order_ref === order.order_ref && row.parentId === null;
}

const isStop = (row: OrderRow): boolean => {
  const { type } = termsOfRow(row);
  return type === "STP" || type === "STOP_LIMIT";
};

function ofRow(order: IntentOrder, row: OrderRow): IntentOrder {
  const says = evidenceOfStatus(row.status ?? "", row.filledQuantity, row.remainingQuantity);
  return {
    ...order,
    order_id:
      row.orderId !== null && /^[1-9]\d{0,18}$/.test(row.orderId) ? row.orderId : order.order_id,
    state: says === null ? order.state : stateOf(says, row.filledQuantity),
    broker_status: label(row.status, 40),
    filled: row.filledQuantity ?? order.filled,
    remaining: row.remainingQuantity ?? order.remaining,
  };
}

function stateOf(
  says: NonNullable<ReturnType<typeof evidenceOfStatus>>,
  filled: string | null,
): IntentOrder["state"] {
  switch (says) {
    case "filled":
    case "cancelled":
    case "rejected":
    case "expired":
      return says;
    default:
      return filled !== null && new Decimal(filled).greaterThan(0) ? "partially_filled" : "working";
  }
}

/** An order that the day's list no longer has may still have traded. */
function withTrades(
  record: IntentRecord,
  order: IntentOrder,
  trades: readonly TradeRow[],
): IntentOrder {
  if (record.action === "modify") return order;
  const own = trades.filter(
    (trade) =>
      (trade.account ?? trade.accountCode ?? record.account_id) === record.account_id &&
      (order.order_id !== null && trade.order_id !== null
        ? trade.order_id === order.order_id
        : order.role !== "take_profit" &&
          order.role !== "stop_loss" &&
          trade.order_ref === order.order_ref),
  );
  if (own.length === 0) return order;
  if (own.some(({ size }) => size === null)) {
    // It traded, and nobody knows how much.
    return {
      ...order,
      order_id: order.order_id ?? own[0]?.order_id ?? null,
      state: order.state === "partially_filled" ? order.state : "working",
      filled: null,
      remaining: null,
    };
  }
  const filled = own.reduce((sum, trade) => sum.plus(trade.size ?? 0), new Decimal(0));
  if (filled.isZero()) return order;
  const planned = record.ticket.order.legs[record.orders.indexOf(order)]?.quantity ?? null;
  const all = planned !== null && filled.greaterThanOrEqualTo(planned);
  return {
    ...order,
    order_id: order.order_id ?? own[0]?.order_id ?? null,
    state: all ? "filled" : "partially_filled",
    filled: filled.toFixed(),
    remaining:
      planned === null ? null : Decimal.max(0, new Decimal(planned).minus(filled)).toFixed(),
  };
}

const seen = (order: IntentOrder): boolean =>
  order.state !== "submitting" && order.state !== "accepted";

function placeEvidence(
  record: IntentRecord,
  orders: readonly IntentOrder[],
  isSpokenOf: (order: IntentOrder) => boolean,
  book: BookView,
): OrderEvidence | null {
  const speaking =
    record.ticket.order.structure === "oca" ? speaksForGroup(orders) : principalOf(orders);
  if (speaking === undefined || !seen(speaking) || !isSpokenOf(speaking)) return null;
  const inList = book.orders.some((row) => row.orderId === speaking.order_id);
  return {
    source: inList ? book.source : "trades",
    says: saysOf(speaking.state),
    filled: speaking.filled,
    remaining: speaking.remaining,
    at: book.at,
  };
}

const principalOf = (orders: readonly IntentOrder[]): IntentOrder | undefined =>
  orders.find(({ role }) => role === "single" || role === "entry");

/**
 * Of a group the member that went furthest: one fill ends the others. A member that ended says
 * nothing of the group while another stands, or may stand, whatever this view shows of it.
 */
function speaksForGroup(orders: readonly IntentOrder[]): IntentOrder | undefined {
  const rank = ["filled", "partially_filled", "working", "expired", "cancelled", "rejected"];
  const furthest = orders
    .filter(seen)
    .toSorted((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state))
    .at(0);
  const open = furthest !== undefined && rank.indexOf(furthest.state) > 2;
  return open && !orders.every(seen) ? undefined : furthest;
}

function saysOf(state: IntentOrder["state"]): OrderEvidence["says"] {
  switch (state) {
    case "filled":
    case "cancelled":
    case "rejected":
    case "expired":
      return state;
    default:
      return "working";
  }
}

/** A change is proved by the order standing in its new terms, or by having ended. */
function modifyEvidence(
  record: IntentRecord,
  rows: readonly OrderRow[],
  book: BookView,
): OrderEvidence | null {
  const { target } = record.ticket.order;
  const row = rows.find((one) => one.orderId === target?.order_id);
  const [leg] = record.ticket.order.legs;
  if (row === undefined || leg === undefined) return null;
  const says = evidenceOfStatus(row.status ?? "", row.filledQuantity, row.remainingQuantity);
  if (says === null) return null;
  const ended = says !== "working";
  if (!ended && !hasTerms(row, leg)) return null;
  return {
    source: book.source,
    says,
    filled: row.filledQuantity,
    remaining: row.remainingQuantity,
    at: book.at,
  };
}

const same = (a: string | null, b: string | null): boolean =>
  a === null || b === null ? a === b : compareDecimals(a, b) === 0;

/** Whether a row stands in the terms of a leg, as far as the list shows them. */
export function hasTerms(
  row: OrderRow,
  leg: IntentRecord["ticket"]["order"]["legs"][number],
): boolean {
  if (leg.quantity !== null && !same(row.totalSize, leg.quantity)) return false;
  switch (leg.order_type) {
    case "LMT":
    case "MIDPRICE":
      return leg.limit_price === null || same(row.price, leg.limit_price);
    case "STP":
      return same(row.price ?? row.auxPrice, leg.stop_price);
    case "STOP_LIMIT":
    case "TRAILLMT":
      return same(row.price, leg.limit_price) && same(row.auxPrice, leg.stop_price);
    default:
      return true;
  }
}
