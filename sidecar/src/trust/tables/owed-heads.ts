import type { DatabaseSync } from "node:sqlite";
import { type HeadRow, headOf } from "./witnessed-heads.ts";

/** Heads that were shown, smaller than the one held; the smallest first. */
export function owedHeads(db: DatabaseSync, line: number): HeadRow[] {
  return db
    .prepare("SELECT * FROM owed_heads WHERE line = ? ORDER BY size")
    .all(line)
    .map((row) => headOf(row, "shown_at"));
}

export function oweHead(db: DatabaseSync, line: number, head: HeadRow): void {
  db.prepare(
    `INSERT INTO owed_heads (line, size, root, note, shown_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (line, size) DO NOTHING`,
  ).run(line, head.size, head.root, head.note, head.at);
}

export function settleOwed(db: DatabaseSync, line: number): void {
  db.prepare("DELETE FROM owed_heads WHERE line = ?").run(line);
}
