import type { DatabaseSync } from "node:sqlite";

export interface PreviewRow {
  previewId: string;
  /** JSON. */
  ticket: string;
  generation: number;
  echo: number | null;
  /** Milliseconds since the Unix epoch, as every time here. */
  madeAtMs: number;
}

export function insertPreview(db: DatabaseSync, row: PreviewRow): void {
  db.prepare(
    "INSERT INTO previews (preview_id, ticket, generation, echo, made_at) VALUES (?, ?, ?, ?, ?)",
  ).run(row.previewId, row.ticket, row.generation, row.echo, row.madeAtMs);
}

export function previewRow(db: DatabaseSync, previewId: string): PreviewRow | null {
  const row = db.prepare("SELECT * FROM previews WHERE preview_id = ?").get(previewId);
  if (row === undefined) return null;
  return {
    previewId,
    ticket: String(row.ticket),
    generation: Number(row.generation),
    echo: row.echo === null ? null : Number(row.echo),
    madeAtMs: Number(row.made_at),
  };
}

export function countPreviewsSince(db: DatabaseSync, madeSinceMs: number): number {
  const row = db
    .prepare("SELECT COUNT(*) AS kept FROM previews WHERE made_at >= ?")
    .get(madeSinceMs);
  return Number(row?.kept ?? 0);
}

/** The first number stays. */
export function setFirstEcho(db: DatabaseSync, previewId: string, echo: number): void {
  db.prepare("UPDATE previews SET echo = ? WHERE preview_id = ? AND echo IS NULL").run(
    echo,
    previewId,
  );
}

export function deletePreviewsBefore(db: DatabaseSync, madeBeforeMs: number): void {
  db.prepare("DELETE FROM previews WHERE made_at < ?").run(madeBeforeMs);
}
