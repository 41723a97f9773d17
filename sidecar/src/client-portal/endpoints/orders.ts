import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

/** A row of `/iserver/account/orders`, and of the `sor` stream, whose rows may hold any part of it. */
export const OrderRow = z.looseObject({
  acct: wire.text,
  account: wire.text,
  orderId: wire.text,
  order_ref: wire.text,
  parentId: wire.text,
  ocaGroupId: wire.text,
  conid: wire.conid,
  ticker: wire.text,
  secType: wire.text,
  listingExchange: wire.text,
  cashCcy: wire.currency,
  side: wire.text,
  orderType: wire.text,
  origOrderType: wire.text,
  price: wire.decimal,
  auxPrice: wire.decimal,
  stop_price: wire.decimal,
  timeInForce: wire.text,
  outsideRTH: wire.boolean,
  totalSize: wire.decimal,
  filledQuantity: wire.decimal,
  remainingQuantity: wire.decimal,
  avgPrice: wire.decimal,
  status: wire.text,
  order_ccp_status: wire.text,
  order_cancellation_by_system_reason: wire.text,
  lastExecutionTime_r: wire.integer,
});
export type OrderRow = z.output<typeof OrderRow>;

/**
 * An answer without a list is no answer: it must never read as "no orders". Rows without an id
 * cannot be followed, and are counted.
 */
const LiveOrders = z
  .looseObject({ orders: z.array(z.unknown()), snapshot: wire.boolean })
  .transform(({ orders: rows, snapshot }) => {
    const orders: OrderRow[] = [];
    /** What could be read of rows without an id; null where nothing could. */
    const unread: (OrderRow | null)[] = [];
    for (const row of rows) {
      const { data } = OrderRow.safeParse(row);
      if (data === undefined) unread.push(null);
      else if (data.orderId === null) unread.push(data);
      else orders.push(data);
    }
    return { orders, unread, snapshot, lost: unread.length };
  });
type LiveOrders = z.output<typeof LiveOrders>;

/** The broker lists no more than these, and does not say that there were more. */
export const ORDER_LIST_ROWS_MAX = 1_000;

/** Whether a list of so many rows, unreadable ones included, may have left some out. */
export const isCutShort = (rows: number): boolean => rows >= ORDER_LIST_ROWS_MAX;

/**
 * The broker's day of orders. Never asked with a filter: a filtered read silences the order stream
 * until a forced one.
 */
export function liveOrders(more: { accountId?: string; force?: boolean } = {}): Ask<LiveOrders> {
  return {
    name: "iserver.orders",
    path: "/iserver/account/orders",
    query: {
      ...(more.force ? { force: "true" } : {}),
      ...(more.accountId === undefined ? {} : { accountId: more.accountId }),
    },
    needs: "brokerage",
    pace: "orders",
    ttlMs: 5_000,
    warms: "orders",
    isCold: (live) => live.orders.length === 0 && live.lost === 0,
    decode: readWith("iserver.orders", LiveOrders),
  };
}
