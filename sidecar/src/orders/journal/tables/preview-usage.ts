import type { DatabaseSync } from "node:sqlite";

/** `usage` is JSON. */
export function insertPreviewUsage(db: DatabaseSync, previewId: string, usage: string): void {
  db.prepare("INSERT INTO preview_usage (preview_id, usage) VALUES (?, ?)").run(previewId, usage);
}

/** JSON; null when none was kept. */
export function previewUsage(db: DatabaseSync, previewId: string): string | null {
  const row = db.prepare("SELECT usage FROM preview_usage WHERE preview_id = ?").get(previewId);
  return row === undefined ? null : String(row.usage);
}
