import type { DatabaseSync } from "node:sqlite";

/** When wrong numbers came, for whatever orders; Unix milliseconds. */
export function countWrongTimes(db: DatabaseSync, afterMs: number): number {
  const row = db
    .prepare("SELECT COUNT(*) AS wrong FROM wrong_number_times WHERE at > ?")
    .get(afterMs);
  return Number(row?.wrong ?? 0);
}

export function insertWrongTime(db: DatabaseSync, nowMs: number): void {
  db.prepare("INSERT INTO wrong_number_times VALUES (?)").run(nowMs);
}

/** All, or those before a moment. */
export function deleteWrongTimes(db: DatabaseSync, beforeMs: number | null = null): void {
  if (beforeMs === null) db.exec("DELETE FROM wrong_number_times");
  else db.prepare("DELETE FROM wrong_number_times WHERE at < ?").run(beforeMs);
}
