import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { makeUserCode } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";

/**
 * An owner who lost every passkey gets in again with the owner token and the paired PC: the PC
 * proves itself with its device key and shows a code, which works once and for ten minutes. Who has
 * no owner token waits first; see member-recovery.ts.
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

/** Takes a code; the PC that showed it, which must still be paired, or null. */
export function takeRecoveryCode(sql: SqlStorage, code: string, nowMs: number): string | null {
  const [taken] = sql
    .exec<{ sidecar_id: string }>(
      `DELETE FROM recovery_codes
       WHERE code_hash = ? AND expires_at > ? AND sidecar_id IN
         (SELECT sidecar_id FROM sidecars WHERE state = 'active') RETURNING sidecar_id`,
      sha256Hex(code),
      nowMs,
    )
    .toArray();
  return taken?.sidecar_id ?? null;
}
