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

/** For whom a preview was made, and out of which places it takes one. */
export interface PreviewPlace {
  /** One client's, apart from another's; null for nobody's. */
  share: string | null;
  /** It only takes risk away: an exit or a cancel. */
  reduces: boolean;
}

/** Adds the columns that a table of an earlier version lacks; what it holds is nobody's. */
export function widenPreviewsTable(db: DatabaseSync): void {
  const known = new Set(
    db
      .prepare("SELECT name FROM pragma_table_info('previews')")
      .all()
      .map(({ name }) => name),
  );
  for (const column of ["client_share TEXT", "reduces INTEGER NOT NULL DEFAULT 0"]) {
    const [name] = column.split(" ");
    if (!known.has(name ?? "")) db.exec(`ALTER TABLE previews ADD COLUMN ${column}`);
  }
}

export function insertPreview(db: DatabaseSync, row: PreviewRow, place: PreviewPlace): void {
  db.prepare(
    `INSERT INTO previews (preview_id, ticket, generation, echo, made_at, client_share, reduces)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    row.previewId,
    row.ticket,
    row.generation,
    row.echo,
    row.madeAtMs,
    place.share,
    place.reduces ? 1 : 0,
  );
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

/** Of those made since then: how many take places of this kind, and how many of them this client's. */
export function countPreviewsSince(
  db: DatabaseSync,
  { share, reduces }: PreviewPlace,
  madeSinceMs: number,
): { taken: number; own: number } {
  const row = db
    .prepare(
      `SELECT COUNT(*) AS taken, COALESCE(SUM(client_share IS ?), 0) AS own FROM previews
       WHERE made_at >= ? AND reduces = ?`,
    )
    .get(share, madeSinceMs, reduces ? 1 : 0);
  return { taken: Number(row?.taken ?? 0), own: Number(row?.own ?? 0) };
}

/** Of this client's of this kind, the oldest whose number nobody was shown, or else the oldest. */
export function deleteOldestPreview(db: DatabaseSync, { share, reduces }: PreviewPlace): void {
  db.prepare(
    `DELETE FROM previews WHERE preview_id = (
       SELECT preview_id FROM previews WHERE client_share IS ? AND reduces = ?
       ORDER BY echo IS NOT NULL, made_at, preview_id LIMIT 1)`,
  ).run(share, reduces ? 1 : 0);
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
