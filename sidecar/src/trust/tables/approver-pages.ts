import type { DatabaseSync } from "node:sqlite";

/**
 * Pages that may ask this PC what waits. A token lets nobody approve: it opens the list of what is
 * asked and hands an answer over, which holds by its passkey alone. Only the token's hash is kept.
 */
export const APPROVER_PAGES_SCHEMA = `
CREATE TABLE IF NOT EXISTS approver_pages (
  token_sha256 TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  credential_id TEXT,
  made_at INTEGER NOT NULL,
  ends_at INTEGER
) STRICT, WITHOUT ROWID;
`;

export interface ApproverPage {
  tokenSha256: string;
  origin: string;
  /** Of the passkey that was enrolled with it; null for this PC's own page, whose links are many. */
  credentialId: string | null;
  /** Milliseconds since the Unix epoch; null while its passkey stands. */
  endsAt: number | null;
}

export function storePage(db: DatabaseSync, page: ApproverPage, nowMs: number): void {
  db.prepare(
    `INSERT INTO approver_pages (token_sha256, origin, credential_id, made_at, ends_at)
     VALUES (?, ?, ?, ?, ?) ON CONFLICT (token_sha256) DO NOTHING`,
  ).run(page.tokenSha256, page.origin, page.credentialId, nowMs, page.endsAt);
}

export function findPage(
  db: DatabaseSync,
  tokenSha256: string,
  nowMs: number,
): ApproverPage | null {
  const row = db
    .prepare(
      "SELECT * FROM approver_pages WHERE token_sha256 = ? AND (ends_at IS NULL OR ends_at > ?)",
    )
    .get(tokenSha256, nowMs);
  return row === undefined ? null : pageOf(row);
}

/** The pages that an owner hosts, the newest first. */
export function hostedPages(db: DatabaseSync, limit: number): ApproverPage[] {
  return db
    .prepare(
      "SELECT * FROM approver_pages WHERE credential_id IS NOT NULL ORDER BY made_at DESC LIMIT ?",
    )
    .all(limit)
    .map(pageOf);
}

/** A link that is used lives on for a while; one that ended stays so. */
export function extendPage(db: DatabaseSync, tokenSha256: string, endsAt: number): void {
  db.prepare(
    "UPDATE approver_pages SET ends_at = ? WHERE token_sha256 = ? AND ends_at IS NOT NULL",
  ).run(endsAt, tokenSha256);
}

export function deletePagesOf(db: DatabaseSync, credentialId: string): void {
  db.prepare("DELETE FROM approver_pages WHERE credential_id = ?").run(credentialId);
}

/** Links of this PC's own page: a new one ends those before it. */
export function deleteLinks(db: DatabaseSync): void {
  db.exec("DELETE FROM approver_pages WHERE credential_id IS NULL");
}

function pageOf(row: Record<string, unknown>): ApproverPage {
  return {
    tokenSha256: String(row.token_sha256),
    origin: String(row.origin),
    credentialId: row.credential_id === null ? null : String(row.credential_id),
    endsAt: row.ends_at === null ? null : Number(row.ends_at),
  };
}
