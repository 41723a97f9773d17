import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";

/** By which numbers of the broker's our orders, and their parts, are known. */

/** Keeps the numbers that an outcome names; one that is known already costs nothing. */
export function keepNumbers(sql: SqlStorage, coid: string, outcome: OrderOutcome): void {
  for (const { order_id } of outcome.orders) {
    if (order_id === null) continue;
    sql.exec(
      "INSERT INTO order_numbers (order_id, coid) VALUES (?, ?) ON CONFLICT DO NOTHING",
      order_id,
      coid,
    );
  }
}

export function forgetNumbers(sql: SqlStorage, coid: string, outcome: OrderOutcome): void {
  for (const { order_id } of outcome.orders) {
    sql.exec("DELETE FROM order_numbers WHERE order_id = ? AND coid = ?", order_id, coid);
  }
}
