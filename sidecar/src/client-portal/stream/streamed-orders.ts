import { isEnded } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import { Decimal } from "decimal.js";
import { OrderRow } from "../endpoints/orders.ts";
import type { RawRow } from "./frames.ts";

/**
 * The day's orders as the stream and the reads together know them. The stream sends sparse rows: a
 * key that is absent did not change, so a row is laid over what is known, key by key.
 */
export type OrderState = ReadonlyMap<string, OrderRow>;

/** Lays one streamed row over what is known; null when it names no order. */
export function overlay(state: OrderState, raw: RawRow): { id: string; row: OrderRow } | null {
  const parsed = OrderRow.safeParse(raw);
  if (!parsed.success || parsed.data.orderId === null) return null;
  const id = parsed.data.orderId;
  const before = state.get(id);
  if (before === undefined) return { id, row: parsed.data };
  const said = Object.fromEntries(
    Object.entries(parsed.data).filter(([key]) => Object.hasOwn(raw, key)),
  );
  const row = OrderRow.parse({ ...before, ...said });
  return goesBack(before, row) ? { id, row: before } : { id, row };
}

export function isOver(row: OrderRow): boolean {
  return isEnded(row.status);
}

/** A late frame must not undo an end, nor take back a fill. */
function goesBack(before: OrderRow, after: OrderRow): boolean {
  if (isOver(before) && !isOver(after)) return true;
  const filledBefore = before.filledQuantity;
  const filledAfter = after.filledQuantity;
  if (filledBefore === null || filledAfter === null) return false;
  return new Decimal(filledAfter).lessThan(filledBefore);
}

/** Rows the stream alone has told of may be nothing but ids; they cannot be shown as orders yet. */
export function isComplete(row: OrderRow): boolean {
  return (
    row.status !== null && row.side !== null && row.conid !== null && row.filledQuantity !== null
  );
}

/** What makes an order worth telling about again. */
export function orderMark(row: OrderRow): string {
  return [row.status, row.filledQuantity, row.totalSize, row.price, row.auxPrice, row.timeInForce]
    .map((part) => part ?? "")
    .join("|");
}
