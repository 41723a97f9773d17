/** Joins `order_policies`, `order_cross_checks` and `order_intents`. */

/** The accounts that have let orders out, and when each one's book was last held against the log. */
export function booksToCheck(sql: SqlStorage): { account: string; checkedAt: number | null }[] {
  return sql
    .exec<{ broker_account: string; at: number | null }>(
      `WITH RECURSIVE accounts (broker_account) AS (
         SELECT MIN(broker_account) FROM order_policies
         UNION ALL
         SELECT (SELECT MIN(p.broker_account) FROM order_policies p
                 WHERE p.broker_account > accounts.broker_account)
         FROM accounts WHERE broker_account IS NOT NULL)
       SELECT a.broker_account, c.at FROM accounts a
       LEFT JOIN order_cross_checks c ON c.broker_account = a.broker_account
       WHERE EXISTS (SELECT 1 FROM order_intents i WHERE i.broker_account = a.broker_account)`,
    )
    .toArray()
    .map(({ broker_account, at }) => ({ account: broker_account, checkedAt: at }));
}
