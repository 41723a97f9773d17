import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { makeUserCode } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { deleteRecoveryCode } from "./tables/joint/recoveries.ts";
import { storeRecoveryCode } from "./tables/recovery-codes.ts";

/**
 * An owner who lost every passkey gets in again with the owner token and the paired PC: the PC
 * proves itself with its device key and shows a code, which works once and for ten minutes. Who has
 * no owner token waits first; see member-recovery.ts.
 */

const CODE_MS = 10 * 60_000;

/** A new code; it takes the place of one that the same PC showed before. */
export function issueRecoveryCode(sql: SqlStorage, sidecarId: string, nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(256));
  let used = 0;
  const code = makeUserCode(() => bytes[used++ % bytes.length] ?? 0);
  storeRecoveryCode(sql, { hash: sha256Hex(code), sidecarId, expiresAt: nowMs + CODE_MS }, nowMs);
  return code;
}

/** Takes a code; the PC that showed it, which must still be paired, or null. */
export function takeRecoveryCode(sql: SqlStorage, code: string, nowMs: number): string | null {
  return deleteRecoveryCode(sql, sha256Hex(code), nowMs);
}
