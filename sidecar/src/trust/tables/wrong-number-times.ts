import type { DatabaseSync } from "node:sqlite";

/** What a wrong number came for: an order that this PC found to be an exit, or any other. */
export type Guessed = "exit" | "other";

const TABLES = { exit: "wrong_exit_number_times", other: "wrong_number_times" } as const;

/** When wrong numbers came, for whatever orders of one of the two; Unix milliseconds. */
export function countWrongTimes(db: DatabaseSync, of: Guessed, afterMs: number): number {
  const row = db.prepare(`SELECT COUNT(*) AS wrong FROM ${TABLES[of]} WHERE at > ?`).get(afterMs);
  return Number(row?.wrong ?? 0);
}

export function insertWrongTime(db: DatabaseSync, of: Guessed, nowMs: number): void {
  db.prepare(`INSERT INTO ${TABLES[of]} VALUES (?)`).run(nowMs);
}

/** All, or those before a moment. */
export function deleteWrongTimes(db: DatabaseSync, beforeMs: number | null = null): void {
  for (const table of Object.values(TABLES)) {
    if (beforeMs === null) db.exec(`DELETE FROM ${table}`);
    else db.prepare(`DELETE FROM ${table} WHERE at < ?`).run(beforeMs);
  }
}
