/** What was used once, by its SHA-256, until it may be forgotten. */

/** False when it was noted before. */
export function insertSpent(sql: SqlStorage, hash: string, forgetAt: number): boolean {
  return (
    sql
      .exec(
        "INSERT INTO spent_tokens (hash, forget_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
        hash,
        forgetAt,
      )
      .toArray().length > 0
  );
}

/** Notes that it was exchanged with success. */
export function storeRedeemed(sql: SqlStorage, hash: string, forgetAt: number): void {
  sql.exec(
    `INSERT INTO spent_tokens (hash, redeemed, forget_at) VALUES (?, 1, ?)
     ON CONFLICT (hash) DO UPDATE SET redeemed = 1, forget_at = excluded.forget_at`,
    hash,
    forgetAt,
  );
}

/** Whether this code or refresh token once worked. */
export function isRedeemed(sql: SqlStorage, hash: string): boolean {
  return (
    sql.exec("SELECT 1 FROM spent_tokens WHERE hash = ? AND redeemed = 1", hash).toArray().length >
    0
  );
}

/** Deletes what may be forgotten; how many. */
export function deleteForgotten(sql: SqlStorage, nowMs: number): number {
  return sql.exec("DELETE FROM spent_tokens WHERE forget_at <= ? RETURNING 1", nowMs).toArray()
    .length;
}
