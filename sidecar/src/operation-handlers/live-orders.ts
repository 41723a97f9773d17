import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { isEnded } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import { canStillTrade, orderFrom, sideOf } from "../client-portal/domain/order-rows.ts";
import { ACCOUNT_ID } from "../client-portal/endpoints/accounts.ts";
import { orderStatus } from "../client-portal/endpoints/order-status.ts";
import {
  isCutShort,
  liveOrders,
  ORDER_LIST_ROWS_MAX,
  type OrderRow,
} from "../client-portal/endpoints/orders.ts";
import { LIMITS } from "../client-portal/limits.ts";
import { isOver } from "../client-portal/stream/streamed-orders.ts";
import type { OperationContext, Provenance } from "./operation-context.ts";
import type { ResolvedAccount } from "./resolve-account.ts";

/** A row that names no order or no account. */
export interface UnreadRow {
  order_id: string | null;
  conid: number | null;
  side: "BUY" | "SELL" | null;
  /** What it may still trade at most; null when that is not known. */
  remaining: string | null;
}

export interface OrdersRead {
  orders: Order[];
  /** Rows that could not be read; with any, the list proves nothing that it does not show. */
  lost: number;
  /** What is known of those of them that may be this account's and may still trade. */
  unread: UnreadRow[];
  /** Orders that it showed a moment ago and leaves out without an end: they may still trade. */
  vanished: Order[];
  /** The list itself was answered for, unreadable rows or not. */
  looked: boolean;
  proved: boolean;
  part: { at: number; from: Provenance["served_from"]; unread?: number };
  notes: string[];
}

const EMPTY_UNPROVED =
  "The broker's order list came back empty and could not be confirmed; it does not mean that there are no orders.";

/** The account's orders of the broker's day: from the stream while it is provably fresh, else read. */
export async function readOrders(
  context: OperationContext,
  account: ResolvedAccount,
): Promise<OrdersRead> {
  // With several accounts the stream may follow only the selected one.
  const streamed = account.accountCount === 1 ? context.stream.orders() : null;
  const answer =
    streamed === null
      ? await context.ask(
          liveOrders(account.accountCount > 1 ? { accountId: account.accountId } : {}),
        )
      : null;
  const rows = streamed?.value ?? answer?.value.orders ?? [];
  const read = rows.map((row) => orderFrom(row, context.isOwnOrder));
  const lost = read.filter((order) => order === null).length + (answer?.value.lost ?? 0);
  const orders = read
    .flatMap((order) => order ?? [])
    .filter((order) => order.account_id === account.accountId)
    .toSorted((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
  const unread = [
    ...rows.filter((row) => orderFrom(row, context.isOwnOrder) === null),
    ...(answer?.value.unread ?? []),
  ].flatMap((row) => unreadOf(row, account.accountId) ?? []);
  const cut = isCutShort(rows.length + (answer?.value.lost ?? 0));
  // What a full list left out may be anything, as a row of which nothing could be read.
  if (cut) unread.push(UNKNOWN_ROW);
  const looked = answer?.proved ?? true;
  const part: OrdersRead["part"] =
    streamed !== null
      ? { at: streamed.at, from: "stream" }
      : {
          at: answer?.at ?? context.clock.now(),
          from: answer?.from ?? "broker",
          unread: answer?.value.lost === 0 ? (answer.unread ?? 0) : 0,
        };
  const vanished = await vanishedOrders(context, account.accountId, orders, part.at);
  const proved = looked && lost === 0 && !cut && vanished.length === 0;
  const notes: string[] = [];
  if (!proved && orders.length === 0) notes.push(EMPTY_UNPROVED);
  if (lost > 0) {
    notes.push(`${counted(lost, "order row")} of the broker could not be read: missing here.`);
  }
  if (vanished.length > 0) {
    const ids = vanished.map(({ order_id }) => order_id).slice(0, 10);
    notes.push(
      `${counted(vanished.length, "order")} that the broker listed before (${ids.join(", ")}) ${vanished.length === 1 ? "is" : "are"} missing from its list without an end: each may still be working.`,
    );
  }
  if (cut) {
    notes.push(
      `The broker lists ${ORDER_LIST_ROWS_MAX} orders at most and listed that many: others may be missing here.`,
    );
  }
  return {
    orders,
    lost,
    unread,
    looked,
    proved,
    vanished,
    part,
    notes,
  };
}

/**
 * The orders that earlier lists showed and this one leaves out. The broker's word on each by itself
 * settles it where it knows the order; else later lists do.
 */
async function vanishedOrders(
  context: OperationContext,
  accountId: string,
  orders: readonly Order[],
  at: number,
): Promise<Order[]> {
  const { seen } = context;
  const shown = new Map(
    orders.map((order) => [order.order_id, canStillTrade(order.status) ? order : null]),
  );
  const missing = seen.orders.look(accountId, shown, at);
  const asked = missing.slice(0, LIMITS.vanishedAsked);
  const ended = await Promise.all(asked.map(({ id }) => hasEnded(context, accountId, id)));
  const over = new Set(asked.filter((_, index) => ended[index]).map(({ id }) => id));
  for (const id of over) seen.orders.end(accountId, id);
  return missing.flatMap(({ id, row }) => (over.has(id) ? [] : [row]));
}

async function hasEnded(
  context: OperationContext,
  accountId: string,
  orderId: string,
): Promise<boolean> {
  try {
    const { value } = await context.ask(orderStatus(orderId));
    const of = value.account ?? value.order_clearing_account;
    return (
      value.order_id === orderId && (of ?? accountId) === accountId && isEnded(value.order_status)
    );
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return false;
  }
}

const UNKNOWN_ROW: UnreadRow = { order_id: null, conid: null, side: null, remaining: null };

/** Null for a row that provably is another account's, or of an order that has ended. */
function unreadOf(row: OrderRow | null, accountId: string): UnreadRow | null {
  if (row === null) return UNKNOWN_ROW;
  const of = row.account ?? row.acct;
  if ((of !== null && ACCOUNT_ID.test(of) && of !== accountId) || isOver(row)) return null;
  const side = sideOf(row.side);
  return {
    order_id: row.orderId?.slice(0, 40) ?? null,
    conid: row.conid,
    side: side === null ? null : side === "buy" ? "BUY" : "SELL",
    remaining: row.remainingQuantity ?? row.totalSize,
  };
}
