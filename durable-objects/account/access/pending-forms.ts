import { randomToken } from "../random.ts";

/**
 * Forms that wait for a passkey: sent by their owner from a page of theirs, and carried out once,
 * as they were sent, when the passkey has confirmed that very session. They are kept here and not in
 * the confirmation page, so that what is carried out is what was asked for.
 */
export const PENDING_FORMS_SCHEMA = `
CREATE TABLE pending_forms (
  id TEXT PRIMARY KEY,
  session_id TEXT NOT NULL,
  path TEXT NOT NULL,
  fields TEXT NOT NULL,
  forget_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** As long as a challenge of the page that asks for the passkey. */
const WAIT_MS = 10 * 60_000;
const EACH_SESSION_MAX = 5;
/** Of the path and the fields, as they are sent. */
const FORM_MAX_CHARS = 64 * 1024;

export interface PendingForm {
  /** Path of the form's action. */
  path: string;
  /** Its fields without the session's own, form-encoded. */
  fields: string;
}

/** Keeps a form for a session; null when it is too large to be kept. */
export function keepForm(
  sql: SqlStorage,
  sessionId: string,
  { path, fields }: PendingForm,
  nowMs: number,
): string | null {
  if (path.length + fields.length > FORM_MAX_CHARS) return null;
  sql.exec("DELETE FROM pending_forms WHERE forget_at <= ?", nowMs);
  const id = randomToken();
  sql.exec(
    "INSERT INTO pending_forms (id, session_id, path, fields, forget_at) VALUES (?, ?, ?, ?, ?)",
    id,
    sessionId,
    path,
    fields,
    nowMs + WAIT_MS,
  );
  sql.exec(
    `DELETE FROM pending_forms WHERE session_id = ?1 AND id <> ?2 AND id NOT IN
       (SELECT id FROM pending_forms WHERE session_id = ?1 ORDER BY forget_at DESC LIMIT ?3)`,
    sessionId,
    id,
    EACH_SESSION_MAX,
  );
  return id;
}

/** Where a form of this session leads that waits under this id; null when there is none. */
export function pendingPath(
  sql: SqlStorage,
  sessionId: string,
  id: string,
  nowMs: number,
): string | null {
  const [row] = sql
    .exec<{ path: string }>(
      "SELECT path FROM pending_forms WHERE id = ? AND session_id = ? AND forget_at > ?",
      id,
      sessionId,
      nowMs,
    )
    .toArray();
  return row?.path ?? null;
}

/** Takes it out, for the one request that carries it out. */
export function takeForm(
  sql: SqlStorage,
  sessionId: string,
  id: string,
  nowMs: number,
): PendingForm | null {
  const [row] = sql
    .exec<{ path: string; fields: string }>(
      `DELETE FROM pending_forms
       WHERE id = ? AND session_id = ? AND forget_at > ? RETURNING path, fields`,
      id,
      sessionId,
      nowMs,
    )
    .toArray();
  return row ?? null;
}
