import type { DatabaseSync } from "node:sqlite";

/** `message` is JSON; the latest wording of a message stays. */
export function storeRoutineQuestion(
  db: DatabaseSync,
  row: { kind: string; messageId: string; message: string; seenAtMs: number },
): void {
  db.prepare(
    `INSERT INTO routine_questions (kind, message_id, message, seen_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (kind, message_id) DO UPDATE SET
       message = excluded.message, seen_at = excluded.seen_at`,
  ).run(row.kind, row.messageId, row.message, row.seenAtMs);
}

/** The messages as JSON, by their ids. */
export function routineQuestionsOf(db: DatabaseSync, kind: string): string[] {
  return db
    .prepare("SELECT message FROM routine_questions WHERE kind = ? ORDER BY message_id")
    .all(kind)
    .map(({ message }) => String(message));
}
