import type { DatabaseSync } from "node:sqlite";

/**
 * The hosted page as each version of this program made it. An update of the program makes another file; the one that its owner put up before is this PC's too.
 */
export const MADE_PAGES_SCHEMA = `
CREATE TABLE IF NOT EXISTS made_pages (
  sha256 TEXT PRIMARY KEY,
  replaced_at INTEGER
) STRICT, WITHOUT ROWID;
`;

/** How long an older page of this PC's is taken after an update, unless the new one was put up. */
export const OLDER_PAGE_TAKEN_MS = 30 * 24 * 60 * 60_000;

/** The page as it is made now; true when it takes the place of another one. */
export function noteMadePage(db: DatabaseSync, sha256: string, nowMs: number): boolean {
  db.prepare(
    "INSERT INTO made_pages (sha256, replaced_at) VALUES (?, NULL) ON CONFLICT (sha256) DO UPDATE SET replaced_at = NULL",
  ).run(sha256);
  const { changes } = db
    .prepare("UPDATE made_pages SET replaced_at = ? WHERE sha256 <> ? AND replaced_at IS NULL")
    .run(nowMs, sha256);
  return Number(changes) > 0;
}

/** Until when an older page of this PC's is taken, in Unix milliseconds; null where it made no such page. */
export function olderPageEnds(db: DatabaseSync, sha256: string): number | null {
  const row = db.prepare("SELECT replaced_at FROM made_pages WHERE sha256 = ?").get(sha256);
  return row === undefined || row.replaced_at === null
    ? null
    : Number(row.replaced_at) + OLDER_PAGE_TAKEN_MS;
}

/** The same of the page that was replaced last; null where none was. */
export function lastOlderPageEnds(db: DatabaseSync): number | null {
  const replaced = db.prepare("SELECT MAX(replaced_at) AS at FROM made_pages").get()?.at ?? null;
  return replaced === null ? null : Number(replaced) + OLDER_PAGE_TAKEN_MS;
}
