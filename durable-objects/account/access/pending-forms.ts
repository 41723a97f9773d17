import { randomToken } from "../platform/random.ts";
import { deleteEndedForms, deleteOtherForms, insertForm } from "./tables/pending-forms.ts";

/**
 * Forms that wait for a passkey: sent by their owner from a page of theirs, and carried out once,
 * as they were sent, when the passkey has confirmed that very session. They are kept here and not in
 * the confirmation page, so that what is carried out is what was asked for.
 */

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
  deleteEndedForms(sql, nowMs);
  const id = randomToken();
  insertForm(sql, { id, sessionId, path, fields, forgetAt: nowMs + WAIT_MS });
  deleteOtherForms(sql, { sessionId, butId: id }, EACH_SESSION_MAX);
  return id;
}
