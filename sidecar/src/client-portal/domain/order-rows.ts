import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import {
  orderTypeWord,
  statusWord,
  timeInForceWord,
} from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import type { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { brokerText, label } from "../broker-text.ts";
import { isoTime } from "../clock.ts";
import { ACCOUNT_ID } from "../endpoints/accounts.ts";
import { changedAt, type OrderRow } from "../endpoints/orders.ts";

/** Orders that can still trade, or about which nothing is known for sure. */
export function canStillTrade(status: Order["status"]): boolean {
  return status !== "filled" && status !== "cancelled" && status !== "inactive";
}

/** One of the broker's rows in our words. `isOwn` tells our order references from everybody else's. */
export function orderFrom(row: OrderRow, isOwn: (orderRef: string) => boolean): Order | null {
  const accountId = row.account ?? row.acct;
  if (row.orderId === null || accountId === null || !ACCOUNT_ID.test(accountId)) return null;
  const known = statusWord(row.status)?.shown ?? "unknown";
  const terms = termsOfRow(row);
  const changed = changedAt(row);
  const partly =
    known === "working" && row.filledQuantity !== null && !/^-?0$/.test(row.filledQuantity);
  return {
    account_id: accountId,
    order_id: row.orderId.slice(0, 40),
    order_ref: label(row.order_ref, 64),
    // A bracket's exits have no reference of their own; their ids were noted when they were seen.
    origin: isOwn(row.order_ref ?? row.orderId) ? "gateway" : "foreign",
    parent_id: label(row.parentId, 64),
    oca_group: label(row.ocaGroupId, 64),
    conid: row.conid,
    symbol: label(row.ticker, 100),
    asset_class: label(row.secType, 20),
    exchange: label(row.listingExchange, 40),
    currency: row.cashCcy,
    side: sideOf(row.side),
    order_type: terms.type ?? label(row.origOrderType ?? row.orderType, 40),
    limit_price: terms.limit,
    stop_price: terms.stop,
    time_in_force: timeInForceWord(row.timeInForce) ?? label(row.timeInForce, 20),
    outside_rth: row.outsideRTH,
    quantity: row.totalSize,
    filled: row.filledQuantity,
    remaining: row.remainingQuantity,
    average_price: row.avgPrice,
    status: partly ? "partially_filled" : known,
    broker_status: label(row.status, 40),
    reason: brokerText(row.order_cancellation_by_system_reason),
    updated_at: changed === null ? null : isoTime(changed),
  };
}

/**
 * A row's type and prices. What the broker's `price` holds depends on the type: of a stop it is the
 * trigger. Of a type that nobody knows each price stands where the broker wrote it.
 */
export function termsOfRow(
  row: Pick<OrderRow, "origOrderType" | "orderType" | "price" | "auxPrice" | "stop_price">,
): { type: OrderType | null; limit: string | null; stop: string | null } {
  const type = orderTypeWord(row.origOrderType) ?? orderTypeWord(row.orderType);
  const stop = row.auxPrice ?? row.stop_price;
  switch (type) {
    case "MKT":
      return { type, limit: null, stop: null };
    case "LMT":
    case "MIDPRICE":
      return { type, limit: row.price, stop: null };
    case "STP":
      return { type, limit: null, stop: row.price ?? stop };
    case "TRAIL":
      // Where the stop stands now, else where it was set at first; `auxPrice` is the offset.
      return { type, limit: null, stop: row.stop_price ?? row.price };
    default:
      return { type, limit: row.price, stop };
  }
}

/** "B", "BUY", "BOT", "S", "SELL", "SLD": all occur. */
export function sideOf(text: string | null): "buy" | "sell" | null {
  const first = text?.trim().toUpperCase()[0];
  return first === "B" ? "buy" : first === "S" ? "sell" : null;
}
