/** Forms that wait for a passkey; times in milliseconds. */
export type FormRow = { path: string; fields: string };

export function insertForm(
  sql: SqlStorage,
  row: FormRow & { id: string; sessionId: string; forgetAt: number },
): void {
  sql.exec(
    "INSERT INTO pending_forms (id, session_id, path, fields, forget_at) VALUES (?, ?, ?, ?, ?)",
    row.id,
    row.sessionId,
    row.path,
    row.fields,
    row.forgetAt,
  );
}

/** Deletes those of a session but for one and the latest others. */
export function deleteOtherForms(
  sql: SqlStorage,
  of: { sessionId: string; butId: string },
  latestKept: number,
): void {
  sql.exec(
    `DELETE FROM pending_forms WHERE session_id = ?1 AND id <> ?2 AND id NOT IN
       (SELECT id FROM pending_forms WHERE session_id = ?1 ORDER BY forget_at DESC LIMIT ?3)`,
    of.sessionId,
    of.butId,
    latestKept,
  );
}

/** The form of one id, of one session, that waits still. */
const WAITING = "FROM pending_forms WHERE id = ? AND session_id = ? AND forget_at > ?";

/** The form of this session that waits under this id, which stays there; null when there is none. */
export function pendingForm(
  sql: SqlStorage,
  sessionId: string,
  id: string,
  nowMs: number,
): FormRow | null {
  const [row] = sql.exec<FormRow>(`SELECT path, fields ${WAITING}`, id, sessionId, nowMs).toArray();
  return row ?? null;
}

/** Takes it out, for the one request that carries it out. */
export function takeForm(
  sql: SqlStorage,
  sessionId: string,
  id: string,
  nowMs: number,
): FormRow | null {
  const [row] = sql
    .exec<FormRow>(`DELETE ${WAITING} RETURNING path, fields`, id, sessionId, nowMs)
    .toArray();
  return row ?? null;
}

/** Deletes those that waited too long; how many. */
export function deleteEndedForms(sql: SqlStorage, nowMs: number): number {
  return sql.exec("DELETE FROM pending_forms WHERE forget_at <= ? RETURNING 1", nowMs).toArray()
    .length;
}
