import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { askRecovery, takeRecoveryWithoutPc } from "../../access/member-recovery.ts";
import { issueRecoveryCode, takeRecoveryCode } from "../../access/recovery-code.ts";
import { hasActiveSidecar } from "../../relay/tables/sidecars.ts";
import type { AccountParts } from "../account-parts.ts";
import type { RecoveryStep } from "../account-types.ts";
import { type DeviceClaim, provesDevice } from "./device-proof.ts";
import { noteEvent } from "./note-event.ts";

/** A code for an owner who lost every passkey; null when the PC beside them is not proved. */
export async function beginRecovery(
  parts: AccountParts,
  claim: DeviceClaim,
  requestId: string,
): Promise<string | null> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.recovery, claim))) return null;
  const { sidecarId } = claim;
  noteEvent(parts, "owner.recovery_begun", {
    by: { kind: "sidecar", sidecarId },
    meta: { sidecar_id: sidecarId },
    requestId,
  });
  return issueRecoveryCode(parts.sql, sidecarId, parts.now());
}

/** Whether the code is right; `readyAt` (Unix milliseconds) where no PC is paired and a day has to pass. */
export function takeRecovery(
  parts: AccountParts,
  code: string,
  requestId: string,
): { ok: boolean; readyAt: number | null } {
  const { sql, now } = parts;
  if (hasActiveSidecar(sql)) {
    return { ok: takeRecoveryCode(sql, code, now()) !== null, readyAt: null };
  }
  const readyAt = takeRecoveryWithoutPc(sql, now());
  if (readyAt !== null) {
    const meta = { state: "without_pc" };
    noteEvent(parts, "owner.recovery_begun", { by: { kind: "gateway" }, meta, requestId });
  }
  return { ok: readyAt === null, readyAt };
}

/** The same for an owner without an owner token, who waits a day; null when the PC is not proved. */
export async function beginMemberRecovery(
  parts: AccountParts,
  claim: DeviceClaim,
  requestId: string,
): Promise<RecoveryStep | null> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.recovery, claim))) return null;
  const { sidecarId } = claim;
  const step = askRecovery(parts.sql, sidecarId, parts.now());
  if (step.state !== "waiting") {
    const meta = { sidecar_id: sidecarId, state: step.state };
    noteEvent(parts, "owner.recovery_begun", {
      by: { kind: "sidecar", sidecarId },
      meta,
      requestId,
    });
  }
  return step;
}
