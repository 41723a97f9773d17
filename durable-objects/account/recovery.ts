import { sha256Hex } from "../../src/protocol/digest.ts";
import { makeUserCode } from "../../src/protocol/relay/pairing.ts";

/**
 * An owner who lost every passkey gets in again with the owner token and the paired PC: the PC
 * proves itself with its device key and shows a code, which works once and for ten minutes.
 */
export const RECOVERY_SCHEMA = `
CREATE TABLE recovery_codes (
  code_hash TEXT PRIMARY KEY,
  sidecar_id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

const CODE_MS = 10 * 60_000;

/** A new code; it takes the place of one that the same PC showed before. */
export function issueRecoveryCode(sql: SqlStorage, sidecarId: string, nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(256));
  let used = 0;
  const code = makeUserCode(() => bytes[used++ % bytes.length] ?? 0);
  sql.exec("DELETE FROM recovery_codes WHERE sidecar_id = ? OR expires_at <= ?", sidecarId, nowMs);
  sql.exec(
    "INSERT INTO recovery_codes (code_hash, sidecar_id, expires_at) VALUES (?, ?, ?)",
    sha256Hex(code),
    sidecarId,
    nowMs + CODE_MS,
  );
  return code;
}

/** Takes a code; it must come from a PC that is still paired. */
export function takeRecoveryCode(sql: SqlStorage, code: string, nowMs: number): boolean {
  return (
    sql
      .exec(
        `DELETE FROM recovery_codes
         WHERE code_hash = ? AND expires_at > ? AND sidecar_id IN
           (SELECT sidecar_id FROM sidecars WHERE state = 'active') RETURNING 1`,
        sha256Hex(code),
        nowMs,
      )
      .toArray().length > 0
  );
}
