import { isEnded } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import { Decimal } from "decimal.js";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** A row of `/iserver/account/orders`, and of the `sor` stream, whose rows may hold any part of it. */
export const OrderRow = z.looseObject({
  acct: wire.text,
  account: wire.text,
  orderId: wire.id,
  order_ref: wire.id,
  parentId: wire.id,
  ocaGroupId: wire.id,
  conid: wire.conid,
  ticker: wire.text,
  secType: wire.text,
  listingExchange: wire.text,
  cashCcy: wire.currency,
  side: wire.text,
  orderType: wire.text,
  origOrderType: wire.text,
  price: wire.price,
  auxPrice: wire.price,
  stop_price: wire.price,
  timeInForce: wire.text,
  outsideRTH: wire.flag,
  totalSize: wire.size,
  filledQuantity: wire.size,
  remainingQuantity: wire.size,
  avgPrice: wire.price,
  status: wire.text,
  order_ccp_status: wire.text,
  order_cancellation_by_system_reason: wire.text,
  /** When it last changed: the one in milliseconds, and the same in digits. */
  lastExecutionTime_r: wire.time,
  lastExecutionTime: wire.compactTime,
});
export type OrderRow = z.output<typeof OrderRow>;

/**
 * An answer without a list is no answer: it must never read as "no orders". Rows without an id
 * cannot be followed, and are counted.
 */
const LiveOrders = z
  .looseObject({ orders: z.array(z.unknown()), snapshot: wire.flag })
  .transform(({ orders: rows, snapshot }) => {
    const byId = new Map<string, OrderRow>();
    /** What could be read of rows without an id; null where nothing could. */
    const unread: (OrderRow | null)[] = [];
    for (const row of rows) {
      const { data } = OrderRow.safeParse(row);
      if (data === undefined) unread.push(null);
      else if (data.orderId === null) unread.push(data);
      else byId.set(data.orderId, newest(byId.get(data.orderId), data));
    }
    return { orders: [...byId.values()], unread, snapshot, lost: unread.length };
  });
type LiveOrders = z.output<typeof LiveOrders>;

/** When the order last changed, ms; null where no time was read. */
export const changedAt = (row: OrderRow): number | null =>
  row.lastExecutionTime_r ?? row.lastExecutionTime;

/**
 * An order listed twice is one order: the row that changed last. Without both times the one that has
 * got further, since neither an end nor a fill is ever taken back; else the later in the list.
 */
function newest(before: OrderRow | undefined, row: OrderRow): OrderRow {
  if (before === undefined) return row;
  const [earlier, later] = [changedAt(before), changedAt(row)];
  if (earlier !== null && later !== null && earlier !== later)
    return earlier > later ? before : row;
  if (isEnded(before.status) !== isEnded(row.status)) return isEnded(before.status) ? before : row;
  const [had, has] = [before.filledQuantity, row.filledQuantity];
  return had !== null && (has === null || new Decimal(has).lessThan(had)) ? before : row;
}

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
