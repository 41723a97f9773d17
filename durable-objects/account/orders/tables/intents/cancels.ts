import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** The cancels in `order_intents` that have not ended. */

const UNSETTLED_CANCEL = `broker_account = ? AND created_at > ? AND action = 'cancel'
  AND ended_at IS NULL AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')`;

/** The newest unsettled cancel of one order that began since a moment; its cOID, or null. */
export function unsettledCancelOf(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: TradingMode; target: string },
  sinceMs: number,
): string | null {
  const [row] = sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents WHERE ${UNSETTLED_CANCEL} AND mode = ? AND withdraws = ?
       ORDER BY created_at DESC LIMIT 1`,
      order.brokerAccount,
      sinceMs,
      order.mode,
      order.target,
    )
    .toArray();
  return row?.coid ?? null;
}

/** How many unsettled cancels of an account began since a moment, those of some clients left out. */
export function countUnsettledCancels(
  sql: SqlStorage,
  of: { brokerAccount: string; butClients: readonly string[] },
  sinceMs: number,
): number {
  return sql
    .exec<{ open: number }>(
      `SELECT COUNT(*) AS open FROM order_intents WHERE ${UNSETTLED_CANCEL}
         AND client_id NOT IN (SELECT value FROM json_each(?))`,
      of.brokerAccount,
      sinceMs,
      JSON.stringify(of.butClients),
    )
    .one().open;
}

/** The cancels of an account that have not ended, but for those still being submitted. */
export function openCancels(sql: SqlStorage, brokerAccount: string): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND action = 'cancel' AND ended_at IS NULL
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')`,
      brokerAccount,
    )
    .toArray()
    .map(({ coid }) => coid);
}
