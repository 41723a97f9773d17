import type { DatabaseSync } from "node:sqlite";
import type { Mandate } from "../../../src/protocol/approval/mandate.ts";

/** Mandates whose signature this sidecar has verified, by hash. */
export const MANDATES_SCHEMA = `
CREATE TABLE IF NOT EXISTS mandates (
  mandate_hash TEXT PRIMARY KEY,
  mandate TEXT NOT NULL,
  credential_id TEXT NOT NULL,
  verified_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
`;

export function storeMandate(
  db: DatabaseSync,
  hash: string,
  mandate: Mandate,
  credentialId: string,
  nowMs: number,
): void {
  db.prepare(
    `INSERT INTO mandates (mandate_hash, mandate, credential_id, verified_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (mandate_hash) DO NOTHING`,
  ).run(hash, JSON.stringify(mandate), credentialId, nowMs);
}

export function findMandate(
  db: DatabaseSync,
  hash: string,
): { credentialId: string; revoked: boolean } | null {
  const row = db
    .prepare("SELECT credential_id, revoked_at FROM mandates WHERE mandate_hash = ?")
    .get(hash);
  if (row === undefined || typeof row.credential_id !== "string") return null;
  return { credentialId: row.credential_id, revoked: row.revoked_at !== null };
}

export function revokeMandate(db: DatabaseSync, hash: string, nowMs: number): boolean {
  const { changes } = db
    .prepare("UPDATE mandates SET revoked_at = ? WHERE mandate_hash = ? AND revoked_at IS NULL")
    .run(nowMs, hash);
  return Number(changes) === 1;
}
