import type { DatabaseSync } from "node:sqlite";

/**
 * Every nonce that was ever acted upon. A nonce is written before the act it allows, so a crash in
 * between costs an approval and never an order. Rows live longer than any approval can; the expiry
 * inside the signed intent ends an approval whose nonce has been forgotten.
 */
export const NONCES_SCHEMA = `
CREATE TABLE IF NOT EXISTS nonces (
  nonce TEXT PRIMARY KEY,
  statement_hash TEXT NOT NULL,
  used_at INTEGER NOT NULL,
  not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonces_end ON nonces (not_after);
CREATE INDEX IF NOT EXISTS nonces_statement ON nonces (statement_hash);
`;

/** True the first time, false ever after. */
export function claimNonce(
  db: DatabaseSync,
  claim: { nonce: string; statementHash: string; notAfterMs: number },
  nowMs: number,
): boolean {
  const { changes } = db
    .prepare(
      `INSERT INTO nonces (nonce, statement_hash, used_at, not_after) VALUES (?, ?, ?, ?)
       ON CONFLICT (nonce) DO NOTHING`,
    )
    .run(claim.nonce, claim.statementHash, nowMs, claim.notAfterMs);
  return Number(changes) === 1;
}

export function isNonceUsed(db: DatabaseSync, nonce: string): boolean {
  return db.prepare("SELECT 1 FROM nonces WHERE nonce = ?").get(nonce) !== undefined;
}

/** Whether something was begun under this statement, of which nothing else may tell. */
export function wasSpentFor(db: DatabaseSync, statementHash: string): boolean {
  const row = db
    .prepare("SELECT 1 FROM nonces WHERE statement_hash = ? LIMIT 1")
    .get(statementHash);
  return row !== undefined;
}

/** Forgets nonces whose statements ended long ago. */
export function pruneNonces(db: DatabaseSync, nowMs: number, keepMs: number): number {
  return Number(db.prepare("DELETE FROM nonces WHERE not_after < ?").run(nowMs - keepMs).changes);
}
