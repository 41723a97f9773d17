/**
 * Which accounts and asset classes `order_intents` has rows of, found by going from one to the next in
 * the index: their number is small, the number of their rows is not.
 */
export function accountsWithOrders(sql: SqlStorage): string[] {
  return sql
    .exec<{ account: string }>(
      `WITH RECURSIVE accounts (account) AS (
         SELECT MIN(broker_account) FROM order_intents
         UNION ALL
         SELECT (SELECT MIN(broker_account) FROM order_intents WHERE broker_account > account)
         FROM accounts WHERE account IS NOT NULL)
       SELECT account FROM accounts WHERE account IS NOT NULL`,
    )
    .toArray()
    .map(({ account }) => account);
}

export function kindsOf(sql: SqlStorage, brokerAccount: string): string[] {
  return sql
    .exec<{ kind: string }>(
      `WITH RECURSIVE kinds (kind) AS (
         SELECT MIN(asset_class) FROM order_intents WHERE broker_account = ?1
         UNION ALL
         SELECT (SELECT MIN(asset_class) FROM order_intents
                 WHERE broker_account = ?1 AND asset_class > kind)
         FROM kinds WHERE kind IS NOT NULL)
       SELECT kind FROM kinds WHERE kind IS NOT NULL`,
      brokerAccount,
    )
    .toArray()
    .map(({ kind }) => kind);
}
