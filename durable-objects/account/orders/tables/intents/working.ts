import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** Those of `order_intents` that are in submission or may still fill. */

/** Those that may still fill, oldest first: who asked, and where. */
export function openPlacements(
  sql: SqlStorage,
): { coid: string; broker_account: string; client_id: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string; client_id: string }>(
      `SELECT coid, broker_account, client_id FROM order_intents
       WHERE action = 'place' AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at`,
    )
    .toArray();
}

/** How many may still fill, by state; a state that none is in is not there. */
export function openPlacementsByState(sql: SqlStorage): ReadonlyMap<OrderState, number> {
  return new Map(
    sql
      .exec<{ state: OrderState; orders: number }>(
        `SELECT state, COUNT(*) AS orders FROM order_intents
         WHERE action = 'place' AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
         GROUP BY state`,
      )
      .toArray()
      .map(({ state, orders }) => [state, orders]),
  );
}

export function hasOpenPlacement(sql: SqlStorage): boolean {
  return (
    sql
      .exec(
        `SELECT 1 FROM order_intents WHERE action = 'place'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired') LIMIT 1`,
      )
      .toArray().length > 0
  );
}

/** Orders of which the outcome says something with this text in it, newest first. */
export function placementsMentioning(
  sql: SqlStorage,
  of: { brokerAccount: string; mode: TradingMode; text: string },
): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND mode = ? AND action = 'place' AND instr(outcome, ?) > 0
       ORDER BY created_at DESC`,
      of.brokerAccount,
      of.mode,
      of.text,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** The accounts with an order of which the outcome says something with this text in it. */
export function accountsMentioning(
  sql: SqlStorage,
  of: { mode: TradingMode; text: string },
): string[] {
  return sql
    .exec<{ broker_account: string }>(
      `SELECT DISTINCT broker_account FROM order_intents
       WHERE mode = ? AND action = 'place' AND instr(outcome, ?) > 0`,
      of.mode,
      of.text,
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}

/** Since when the oldest order is being submitted; null when none is. */
export function oldestSubmitting(sql: SqlStorage): number | null {
  return sql
    .exec<{ at: number | null }>(
      "SELECT MIN(created_at) AS at FROM order_intents WHERE state = 'submitting'",
    )
    .one().at;
}

/** Those that have been in submission since a moment or longer. */
export function submittingSince(
  sql: SqlStorage,
  untilMs: number,
): { coid: string; job_id: string }[] {
  return sql
    .exec<{ coid: string; job_id: string }>(
      "SELECT coid, job_id FROM order_intents WHERE state = 'submitting' AND created_at <= ?",
      untilMs,
    )
    .toArray();
}

/** The jobs of the orders in submission: what their ends are waited for. */
export function jobsInSubmission(sql: SqlStorage): string[] {
  return sql
    .exec<{ job_id: string }>("SELECT job_id FROM order_intents WHERE state = 'submitting'")
    .toArray()
    .map(({ job_id }) => job_id);
}
