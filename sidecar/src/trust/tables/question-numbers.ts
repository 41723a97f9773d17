import type { DatabaseSync } from "node:sqlite";

/** The number shown beside an open question of the broker's, for the owner's yes to it. */
export const QUESTION_NUMBERS_SCHEMA = `
CREATE TABLE IF NOT EXISTS question_numbers (
  coid TEXT NOT NULL,
  reply_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  made_at INTEGER NOT NULL,
  PRIMARY KEY (coid, reply_id)
) STRICT, WITHOUT ROWID;
`;

/** The first number of a question stays. */
export function keepQuestionNumber(
  db: DatabaseSync,
  row: { coid: string; replyId: string; number: number; madeAtMs: number },
): void {
  db.prepare(
    `INSERT INTO question_numbers (coid, reply_id, number, made_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (coid, reply_id) DO NOTHING`,
  ).run(row.coid, row.replyId, row.number, row.madeAtMs);
}

/** Null when none was shown. */
export function questionNumber(db: DatabaseSync, coid: string, replyId: string): number | null {
  const row = db
    .prepare("SELECT number FROM question_numbers WHERE coid = ? AND reply_id = ?")
    .get(coid, replyId);
  return row === undefined ? null : Number(row.number);
}

export function deleteQuestionNumbers(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM question_numbers WHERE made_at < ?").run(beforeMs);
}
