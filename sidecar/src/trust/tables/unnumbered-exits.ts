import type { DatabaseSync } from "node:sqlite";

/** When exits went out without this PC's number; Unix milliseconds. */
export const UNNUMBERED_EXITS_SCHEMA = `
CREATE TABLE IF NOT EXISTS unnumbered_exits (
  at INTEGER NOT NULL
) STRICT;
`;

export function countUnnumberedExits(db: DatabaseSync, afterMs: number): number {
  const row = db
    .prepare("SELECT COUNT(*) AS exits FROM unnumbered_exits WHERE at > ?")
    .get(afterMs);
  return Number(row?.exits ?? 0);
}

export function insertUnnumberedExit(db: DatabaseSync, nowMs: number): void {
  db.prepare("INSERT INTO unnumbered_exits VALUES (?)").run(nowMs);
}

export function deleteUnnumberedExits(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM unnumbered_exits WHERE at < ?").run(beforeMs);
}
