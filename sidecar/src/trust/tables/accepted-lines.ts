import type { DatabaseSync } from "node:sqlite";

/** Notes that the owner took the log as it was shown. */
export function noteAccepted(
  db: DatabaseSync,
  row: { line: number; state: string; heldNote: string; shownNote: string | null; atMs: number },
): void {
  db.prepare(
    `INSERT OR REPLACE INTO accepted_lines (line, state, held_note, shown_note, accepted_at)
     VALUES (?, ?, ?, ?, ?)`,
  ).run(row.line, row.state, row.heldNote, row.shownNote, row.atMs);
}
