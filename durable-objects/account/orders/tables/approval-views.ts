/** When the page of a request was first made, from where the time to read it counts. */
export function firstSeen(sql: SqlStorage, approvalId: string, nowMs: number): number {
  sql.exec(
    `INSERT INTO order_approval_views (approval_id, first_seen_at) VALUES (?, ?)
     ON CONFLICT (approval_id) DO NOTHING`,
    approvalId,
    nowMs,
  );
  return sql
    .exec<{ first_seen_at: number }>(
      "SELECT first_seen_at FROM order_approval_views WHERE approval_id = ?",
      approvalId,
    )
    .one().first_seen_at;
}

export function deleteView(sql: SqlStorage, approvalId: string): void {
  sql.exec("DELETE FROM order_approval_views WHERE approval_id = ?", approvalId);
}
