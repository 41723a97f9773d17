/** When somebody tried to sign in, and a hash of the address they came from. */

/** How many there were, of one source and of all, and when the first of each was. */
export type AttemptCounts = {
  everyone: number;
  same: number;
  first: number | null;
  first_same: number | null;
};

export function countAttempts(sql: SqlStorage, source: string): AttemptCounts {
  return sql
    .exec<AttemptCounts>(
      `SELECT COUNT(*) AS everyone, COALESCE(SUM(source = ?1), 0) AS same,
              MIN(at) AS first, MIN(CASE WHEN source = ?1 THEN at END) AS first_same
       FROM sign_in_attempts`,
      source,
    )
    .one();
}

export function insertAttempt(sql: SqlStorage, source: string, nowMs: number): void {
  sql.exec("INSERT INTO sign_in_attempts (source, at) VALUES (?, ?)", source, nowMs);
}

/** Deletes those up to a moment; how many. */
export function deleteAttempts(sql: SqlStorage, untilMs: number): number {
  return sql.exec("DELETE FROM sign_in_attempts WHERE at <= ? RETURNING 1", untilMs).toArray()
    .length;
}

export function deleteAttemptsOf(sql: SqlStorage, source: string): void {
  sql.exec("DELETE FROM sign_in_attempts WHERE source = ?", source);
}
