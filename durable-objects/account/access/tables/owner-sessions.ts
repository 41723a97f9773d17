/** Sessions by the SHA-256 of their secret; the secret itself stands nowhere. Times in milliseconds. */
export type SessionRow = {
  id: string;
  csrf: string;
  created_at: number;
  expires_at: number;
  method: string;
  label: string;
  last_seen_at: number;
  confirmed_at: number;
};

export function insertSession(sql: SqlStorage, row: SessionRow & { secret_hash: string }): void {
  sql.exec(
    `INSERT INTO owner_sessions
       (id, secret_hash, csrf, created_at, expires_at, method, label, last_seen_at, confirmed_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    row.id,
    row.secret_hash,
    row.csrf,
    row.created_at,
    row.expires_at,
    row.method,
    row.label,
    row.last_seen_at,
    row.confirmed_at,
  );
}

/** Null: unknown, closed or past its hours. */
export function findSession(sql: SqlStorage, secretHash: string, nowMs: number): SessionRow | null {
  const [row] = sql
    .exec<SessionRow>(
      "SELECT * FROM owner_sessions WHERE secret_hash = ? AND expires_at > ?",
      secretHash,
      nowMs,
    )
    .toArray();
  return row ?? null;
}

/** Every session that is open, the latest first. */
export function openSessions(sql: SqlStorage, nowMs: number): SessionRow[] {
  return sql
    .exec<SessionRow>(
      "SELECT * FROM owner_sessions WHERE expires_at > ? ORDER BY created_at DESC, id",
      nowMs,
    )
    .toArray();
}

export function setLastSeen(sql: SqlStorage, id: string, nowMs: number): void {
  sql.exec("UPDATE owner_sessions SET last_seen_at = ? WHERE id = ?", nowMs, id);
}

/** A passkey has just confirmed this session. */
export function noteConfirmed(sql: SqlStorage, sessionId: string, nowMs: number): void {
  sql.exec("UPDATE owner_sessions SET confirmed_at = ? WHERE id = ?", nowMs, sessionId);
}

/** Deletes those past their hours; how many. */
export function deleteEndedSessions(sql: SqlStorage, nowMs: number): number {
  return sql.exec("DELETE FROM owner_sessions WHERE expires_at <= ? RETURNING 1", nowMs).toArray()
    .length;
}

/** Deletes all but the latest so many. */
export function deleteOldestSessions(sql: SqlStorage, kept: number): void {
  sql.exec(
    `DELETE FROM owner_sessions WHERE id IN
       (SELECT id FROM owner_sessions ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)`,
    kept,
  );
}

/** True when there was one. */
export function deleteSession(sql: SqlStorage, secretHash: string): boolean {
  return (
    sql.exec("DELETE FROM owner_sessions WHERE secret_hash = ? RETURNING 1", secretHash).toArray()
      .length > 0
  );
}

/** Ends a session by its id; true when there was one. */
export function revokeOwnerSession(sql: SqlStorage, id: string): boolean {
  return sql.exec("DELETE FROM owner_sessions WHERE id = ? RETURNING 1", id).toArray().length > 0;
}

export function revokeAllSessions(sql: SqlStorage): void {
  sql.exec("DELETE FROM owner_sessions");
}

/** Ends every session but one; how many there were. */
export function revokeOtherSessions(sql: SqlStorage, keepId: string): number {
  return sql.exec("DELETE FROM owner_sessions WHERE id <> ? RETURNING 1", keepId).toArray().length;
}
