import type { DatabaseSync } from "node:sqlite";

/** The pages that an owner hosts, and what this PC last read at each. */
export const HOSTED_PAGE_SCHEMA = `
CREATE TABLE IF NOT EXISTS hosted_pages (
  url TEXT PRIMARY KEY,
  accepted_sha256 TEXT,
  other_sha256 TEXT,
  seen_at INTEGER
) STRICT, WITHOUT ROWID;
`;

export interface HostedPage {
  url: string;
  /** What the owner said is right beside what this PC makes; null where they said nothing. */
  acceptedSha256: string | null;
  /** What stands there and is neither; null while it is right. */
  otherSha256: string | null;
  seenAtMs: number | null;
}

export function addHostedPage(db: DatabaseSync, url: string): void {
  db.prepare("INSERT INTO hosted_pages (url) VALUES (?) ON CONFLICT (url) DO NOTHING").run(url);
}

export function hostedPageRows(db: DatabaseSync): HostedPage[] {
  return db
    .prepare("SELECT * FROM hosted_pages ORDER BY url")
    .all()
    .map((row) => ({
      url: String(row.url),
      acceptedSha256: row.accepted_sha256 === null ? null : String(row.accepted_sha256),
      otherSha256: row.other_sha256 === null ? null : String(row.other_sha256),
      seenAtMs: row.seen_at === null ? null : Number(row.seen_at),
    }));
}

/** Notes what stands at an address; `other` is null when it is right. */
export function noteSeen(db: DatabaseSync, url: string, other: string | null, nowMs: number): void {
  db.prepare("UPDATE hosted_pages SET other_sha256 = ?, seen_at = ? WHERE url = ?").run(
    other,
    nowMs,
    url,
  );
}

/** The owner's word at this PC that what stands there is right. */
export function acceptSeen(db: DatabaseSync, url: string, sha256: string): void {
  db.prepare("UPDATE hosted_pages SET accepted_sha256 = ?, other_sha256 = NULL WHERE url = ?").run(
    sha256,
    url,
  );
}

export function forgetHostedPage(db: DatabaseSync, url: string): void {
  db.prepare("DELETE FROM hosted_pages WHERE url = ?").run(url);
}
