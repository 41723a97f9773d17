/** Lists an account's log under its id; the same again changes nothing. */
export async function listAuditLog(
  db: D1Database,
  logId: string,
  accountId: string,
): Promise<void> {
  await db
    .prepare("INSERT INTO audit_logs (log_id, account_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
    .bind(logId, accountId)
    .run();
}

/** Whose log that is; null for no log. */
export function accountOfLog(db: D1Database, logId: string): Promise<string | null> {
  return db
    .prepare("SELECT account_id FROM audit_logs WHERE log_id = ?1")
    .bind(logId)
    .first<string>("account_id");
}
