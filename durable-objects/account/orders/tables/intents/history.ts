/** What is listed of `order_intents`, and what is deleted. */

/** The newest, whatever became of them. */
export function latestIntents(sql: SqlStorage, limit: number): string[] {
  return sql
    .exec<{ coid: string }>(
      "SELECT coid FROM order_intents ORDER BY created_at DESC LIMIT ?",
      limit,
    )
    .toArray()
    .map(({ coid }) => coid);
}

/** Ended before a moment, and not among the latest of their kind; oldest first. */
export function endedIntents(
  sql: SqlStorage,
  beforeMs: number,
  latestKept: number,
): { coid: string; orders: number; outcome: string | null }[] {
  return sql
    .exec<{ coid: string; orders: number; outcome: string | null }>(
      `SELECT coid, orders, outcome FROM (
         SELECT coid, orders, outcome, state, created_at, updated_at, ROW_NUMBER() OVER (
           PARTITION BY broker_account, asset_class, action, ledger ORDER BY created_at DESC
         ) AS latest FROM order_intents)
       WHERE latest > ? AND created_at < ? AND updated_at < ?
         AND state IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at, coid`,
      latestKept,
      beforeMs,
      beforeMs,
    )
    .toArray();
}

export function deleteIntent(sql: SqlStorage, coid: string): void {
  sql.exec("DELETE FROM order_intents WHERE coid = ?", coid);
}
