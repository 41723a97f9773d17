/** When an account's book was last held against the log. */

export function noteCrossCheck(sql: SqlStorage, account: string, nowMs: number): void {
  sql.exec(
    `INSERT INTO order_cross_checks (broker_account, at) VALUES (?, ?)
     ON CONFLICT (broker_account) DO UPDATE SET at = excluded.at`,
    account,
    nowMs,
  );
}

/** Every book is to be held against the log again. */
export function forgetCrossChecks(sql: SqlStorage): void {
  sql.exec("DELETE FROM order_cross_checks");
}
