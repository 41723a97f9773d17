import type { PasskeyView } from "../rpc/account-types.ts";
import { RECOVERY_WAIT_MS } from "./member-recovery.ts";
import { setting, storeSetting } from "./tables/owner-settings.ts";

/**
 * A passkey that was added in a recovery session is shown to no PC for a day: until then it may be of
 * somebody who stole the way back, and the owner who sees it can take it out.
 */
const nameOf = (credentialId: string): string => `recovered-key:${credentialId}`;

export function noteRecoveredKeys(
  sql: SqlStorage,
  before: readonly PasskeyView[],
  after: readonly PasskeyView[],
  nowMs: number,
): void {
  const known = new Set(before.map(({ credentialId }) => credentialId));
  for (const { credentialId } of after) {
    if (!known.has(credentialId)) storeSetting(sql, nameOf(credentialId), String(nowMs));
  }
}

/** Those that a PC may be told of. */
export function keysForPc(
  sql: SqlStorage,
  keys: readonly PasskeyView[],
  nowMs: number,
): PasskeyView[] {
  return keys.filter(({ credentialId }) => {
    const addedMs = setting(sql, nameOf(credentialId));
    return addedMs === null || nowMs - Number(addedMs) >= RECOVERY_WAIT_MS;
  });
}
