/** Single use of the tokens that open a session; false for one that was used before. */
export function takeToken(sql: SqlStorage, jti: string, forgetAt: number, nowMs: number): boolean {
  sql.exec("DELETE FROM used_tokens WHERE forget_at <= ?", nowMs);
  return (
    sql
      .exec(
        "INSERT INTO used_tokens (jti, forget_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1",
        jti,
        forgetAt,
      )
      .toArray().length > 0
  );
}
