/** What stopped trading by itself: one row for one occasion, so that an occasion stops it once. */

/** Takes note of an occasion; false when it has stopped trading before. */
export function claimStop(
  sql: SqlStorage,
  stop: { cause: string; subject: string; occasion: string },
  nowMs: number,
): boolean {
  return (
    sql
      .exec(
        `INSERT INTO order_stops (cause, subject, occasion, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (cause, subject, occasion) DO NOTHING RETURNING 1`,
        stop.cause,
        stop.subject,
        stop.occasion,
        nowMs,
      )
      .toArray().length > 0
  );
}

/** When this cause last stopped the subject; null when it never did. */
export function lastStop(sql: SqlStorage, cause: string, subject: string): number | null {
  return sql
    .exec<{ at: number | null }>(
      "SELECT MAX(at) AS at FROM order_stops WHERE cause = ? AND subject = ?",
      cause,
      subject,
    )
    .one().at;
}

/** Deletes what is from before a moment; how many. */
export function deleteStops(sql: SqlStorage, beforeMs: number): number {
  return sql.exec("DELETE FROM order_stops WHERE at < ? RETURNING 1", beforeMs).toArray().length;
}
