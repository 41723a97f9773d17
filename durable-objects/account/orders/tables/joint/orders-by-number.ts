/** Joins `order_numbers` and `order_intents`: the orders that the broker knows under a number. */
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** The placements of a mode that had this number at some time, newest first. */
export function placementsNumbered(
  sql: SqlStorage,
  of: { mode: TradingMode; orderId: string },
): { coid: string; brokerAccount: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string }>(
      `SELECT i.coid, i.broker_account FROM order_numbers n JOIN order_intents i ON i.coid = n.coid
       WHERE n.order_id = ? AND i.mode = ? AND i.action = 'place' ORDER BY i.created_at DESC`,
      of.orderId,
      of.mode,
    )
    .toArray()
    .map(({ coid, broker_account }) => ({ coid, brokerAccount: broker_account }));
}
