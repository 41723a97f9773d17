import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";

/** Those of `order_intents` that are in submission or may still fill. */

/** Those that may still fill, oldest first: who asked, and where. */
export function openPlacements(
  sql: SqlStorage,
): { coid: string; broker_account: string; client_id: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string; client_id: string }>(
      `SELECT coid, broker_account, client_id FROM order_intents
       WHERE ended_at IS NULL AND action = 'place'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
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
         WHERE ended_at IS NULL AND action = 'place'
           AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
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
        `SELECT 1 FROM order_intents WHERE ended_at IS NULL AND action = 'place'
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired') LIMIT 1`,
      )
      .toArray().length > 0
  );
}

/** Since when the oldest order is being submitted; null when none is. */
export function oldestSubmitting(sql: SqlStorage): number | null {
  return sql
    .exec<{ at: number | null }>(
      `SELECT MIN(created_at) AS at FROM order_intents
       WHERE ended_at IS NULL AND state = 'submitting'`,
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
      `SELECT coid, job_id FROM order_intents
       WHERE ended_at IS NULL AND state = 'submitting' AND created_at <= ?`,
      untilMs,
    )
    .toArray();
}

/** The jobs of the orders in submission: what their ends are waited for. */
export function jobsInSubmission(sql: SqlStorage): string[] {
  return sql
    .exec<{ job_id: string }>(
      "SELECT job_id FROM order_intents WHERE ended_at IS NULL AND state = 'submitting'",
    )
    .toArray()
    .map(({ job_id }) => job_id);
}

/** Orders, changes and cancels that are not known to have ended, oldest first. */
export function notEnded(sql: SqlStorage, limit: number): { coid: string; action: string }[] {
  return sql
    .exec<{ coid: string; action: string }>(
      `SELECT coid, action FROM order_intents
       WHERE ended_at IS NULL AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at LIMIT ?`,
      limit,
    )
    .toArray();
}
