import { type IntentRow, intentRowOf } from "./rows.ts";

/** Which of `order_intents` are to be looked for in the broker's book, and when. */

/** Those whose outcome nobody can prove yet, whenever they began. */
export function intentsInDoubt(sql: SqlStorage, brokerAccount: string): IntentRow[] {
  return sql
    .exec(
      `SELECT * FROM order_intents
       WHERE broker_account = ? AND ended_at IS NULL AND state IN ('unknown', 'reconciling', 'needs_owner')`,
      brokerAccount,
    )
    .toArray()
    .map(intentRowOf);
}

/** Not proved to have ended; those due for reconciliation longest first. */
export function notProved(sql: SqlStorage, brokerAccount: string, limit: number): string[] {
  return sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents
       WHERE broker_account = ? AND action <> 'cancel' AND ended_at IS NULL
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')
       ORDER BY look_at IS NULL, look_at, created_at LIMIT ?`,
      brokerAccount,
      limit,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** What is due for reconciliation, oldest first. */
export function dueForReconcile(
  sql: SqlStorage,
  nowMs: number,
  limit: number,
): { coid: string; brokerAccount: string }[] {
  return sql
    .exec<{ coid: string; broker_account: string }>(
      `SELECT coid, broker_account FROM order_intents
       WHERE ended_at IS NULL AND look_at <= ? ORDER BY look_at, coid LIMIT ?`,
      nowMs,
      limit,
    )
    .toArray()
    .map((row) => ({ coid: row.coid, brokerAccount: row.broker_account }));
}

/** When the next reconciliation is due, in Unix milliseconds; null when nothing is in doubt. */
export function nextReconcileAt(sql: SqlStorage): number | null {
  return sql
    .exec<{ at: number | null }>(
      "SELECT MIN(look_at) AS at FROM order_intents WHERE ended_at IS NULL",
    )
    .one().at;
}

/** When each account's book is to be read next, in Unix milliseconds. */
export function nextReconciles(sql: SqlStorage): { account: string; dueAt: number }[] {
  return sql
    .exec<{ broker_account: string; at: number }>(
      `SELECT broker_account, MIN(look_at) AS at FROM order_intents
       WHERE ended_at IS NULL AND look_at IS NOT NULL GROUP BY broker_account`,
    )
    .toArray()
    .map(({ broker_account, at }) => ({ account: broker_account, dueAt: at }));
}

/**
 * Everything that is not proved, at once: for a reconnect. What is still being submitted has its own
 * end to wait for, and would only have the book read over and over.
 */
export function reconcileAllAt(sql: SqlStorage, nowMs: number): void {
  sql.exec(
    `UPDATE order_intents SET look_at = ?
     WHERE ended_at IS NULL
       AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired', 'submitting')`,
    nowMs,
  );
}

/** One order, at once; what is due already stays as it is. */
export function readAtOnce(sql: SqlStorage, coid: string, nowMs: number): void {
  sql.exec(
    `UPDATE order_intents SET look_at = ?1
     WHERE coid = ?2 AND (look_at IS NULL OR look_at > ?1)`,
    nowMs,
    coid,
  );
}
