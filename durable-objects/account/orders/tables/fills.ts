import { canonicalDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** Executions as the broker reported them; quantities and prices are decimal strings. */
export interface StoredFill {
  conid: number;
  side: Side;
  quantity: string;
  /** Unix milliseconds. */
  at: number;
}

/** Keeps one execution; the same one reported again changes nothing. */
export function storeFill(
  sql: SqlStorage,
  fill: {
    executionId: string;
    coid: string | null;
    brokerAccount: string;
    conid: number;
    side: Side;
    quantity: string;
    price: string;
    atMs: number;
  },
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_fills (execution_id, coid, broker_account, conid, side, quantity, price, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (execution_id) DO NOTHING RETURNING 1`,
        fill.executionId,
        fill.coid,
        fill.brokerAccount,
        fill.conid,
        fill.side,
        canonicalDecimal(fill.quantity),
        canonicalDecimal(fill.price),
        fill.atMs,
      )
      .toArray().length > 0
  );
}

export function fillsSince(sql: SqlStorage, brokerAccount: string, sinceMs: number): StoredFill[] {
  return sql
    .exec<{ conid: number; side: string; quantity: string; at: number }>(
      "SELECT conid, side, quantity, at FROM order_fills WHERE broker_account = ? AND at >= ?",
      brokerAccount,
      sinceMs,
    )
    .toArray()
    .map((row) => ({ ...row, side: Side.parse(row.side) }));
}

/** What is known to have filled of one order. */
export function fillsOf(sql: SqlStorage, coid: string): { quantity: string; price: string }[] {
  return sql
    .exec<{ quantity: string; price: string }>(
      "SELECT quantity, price FROM order_fills WHERE coid = ?",
      coid,
    )
    .toArray();
}

/** When something last filled in an account, in Unix milliseconds; null when nothing is kept. */
export function lastFillAt(sql: SqlStorage, brokerAccount: string): number | null {
  return sql
    .exec<{ at: number | null }>(
      "SELECT MAX(at) AS at FROM order_fills WHERE broker_account = ?",
      brokerAccount,
    )
    .one().at;
}

/** Deletes what is from before a moment; how many, at most the limit. */
export function deleteFills(sql: SqlStorage, beforeMs: number, limit: number): number {
  return sql
    .exec(
      `WITH RECURSIVE accounts (account) AS (
         SELECT MIN(broker_account) FROM order_fills
         UNION ALL
         SELECT (SELECT MIN(broker_account) FROM order_fills WHERE broker_account > account)
         FROM accounts WHERE account IS NOT NULL)
       DELETE FROM order_fills WHERE execution_id IN (
         SELECT execution_id FROM accounts CROSS JOIN order_fills
         WHERE broker_account = account AND at < ? LIMIT ?) RETURNING 1`,
      beforeMs,
      limit,
    )
    .toArray().length;
}
