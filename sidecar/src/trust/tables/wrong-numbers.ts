import type { DatabaseSync } from "node:sqlite";

/** How often a wrong number came back for a preview. */
export function wrongTries(db: DatabaseSync, previewId: string): number {
  const row = db.prepare("SELECT tries FROM wrong_numbers WHERE preview_id = ?").get(previewId);
  return Number(row?.tries ?? 0);
}

export function addWrongTry(db: DatabaseSync, previewId: string, nowMs: number): void {
  db.prepare(
    `INSERT INTO wrong_numbers (preview_id, tries, last_at) VALUES (?, 1, ?)
     ON CONFLICT (preview_id) DO UPDATE SET tries = tries + 1, last_at = excluded.last_at`,
  ).run(previewId, nowMs);
}

export function deleteWrongTries(db: DatabaseSync, beforeMs: number): void {
  db.prepare("DELETE FROM wrong_numbers WHERE last_at < ?").run(beforeMs);
}
