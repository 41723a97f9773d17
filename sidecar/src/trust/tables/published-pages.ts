import type { DatabaseSync } from "node:sqlite";

/** Which page of this PC's making was seen last at each address of its owner's. */
export const PUBLISHED_PAGES_SCHEMA = `
CREATE TABLE IF NOT EXISTS published_pages (
  url TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** The page of now stands at the address: older ones are over there. */
export function notePublished(db: DatabaseSync, url: string, sha256: string): void {
  db.prepare(
    "INSERT INTO published_pages (url, sha256) VALUES (?, ?) ON CONFLICT (url) DO UPDATE SET sha256 = excluded.sha256",
  ).run(url, sha256);
}

export function wasPublished(db: DatabaseSync, url: string, sha256: string): boolean {
  const row = db.prepare("SELECT sha256 FROM published_pages WHERE url = ?").get(url);
  return row?.sha256 === sha256;
}
