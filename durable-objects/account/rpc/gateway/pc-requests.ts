import type { ExportPartText } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import type {
  PcArrivedRequest,
  PcExportRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { DEVICE_TOKEN } from "@ibkr-edge-gateway/protocol/relay/device-token.ts";
import { exportPart, isWhatArrived } from "../../audit/export.ts";
import { noteExported } from "../../audit/tables/retention.ts";
import { accountsWithPolicy } from "../../orders/tables/policies.ts";
import { cutOff } from "../../relay/cut-off.ts";
import { chooseSidecar, chosenSidecar, revokeSidecar } from "../../relay/tables/sidecars.ts";
import { undoPairing as takeBack } from "../../relay/undo-pairing.ts";
import type { AccountParts } from "../account-parts.ts";
import type { PairingUndo } from "../account-types.ts";
import { ownerAccess } from "../signed-in-owner.ts";
import { type DeviceClaim, provesDevice } from "./device-proof.ts";
import { noteEvent } from "./note-event.ts";

/** Takes the PC into use; answers which it replaced (null in it: none). Null when it is not proved. */
export async function useThisSidecar(
  parts: AccountParts,
  claim: DeviceClaim,
  requestId: string,
): Promise<{ replaced: string | null } | null> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.use, claim))) return null;
  const { sql, now, relay } = parts;
  const { sidecarId } = claim;
  const before = chosenSidecar(sql);
  if (before?.sidecarId === sidecarId) return { replaced: null };
  if (!chooseSidecar(sql, sidecarId, now())) return null;
  ownerAccess(parts, requestId).audit("sidecar.chosen", { sidecarId });
  relay.chosen(sidecarId);
  return { replaced: before?.machine ?? null };
}

/** Ends the PC's pairing; false when the PC is not proved. */
export async function leave(
  parts: AccountParts,
  claim: DeviceClaim,
  requestId: string,
): Promise<boolean> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.leave, claim))) return false;
  const { sql, relay } = parts;
  const { sidecarId } = claim;
  if (!revokeSidecar(sql, sidecarId)) return false;
  noteEvent(parts, "sidecar.pairing_undone", {
    by: { kind: "sidecar", sidecarId },
    meta: { left: "revoked" },
    requestId,
  });
  cutOff(sql, relay, sidecarId);
  return true;
}

/** A part of the audit log; null when the PC is not proved, `part` null without a signed head. */
export async function auditExport(
  parts: AccountParts,
  { sidecar_id: sidecarId, token, query, begins }: PcExportRequest,
  requestId: string,
): Promise<{ part: ExportPartText | null } | null> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.auditExport, { sidecarId, token }))) return null;
  const { sql, accountId: account } = parts;
  const brokerAccounts = () => accountsWithPolicy(sql);
  const part = exportPart({ sql, account, brokerAccounts }, query, "owner");
  if (part === null) return { part };
  const { fromIndex, rangeEnd, entries } = part;
  const given = { begins, fromIndex, end: fromIndex + entries.length, rangeEnd };
  if (parts.exportsUnderWay.isNew(sidecarId, given)) {
    const meta = { from_index: String(part.fromIndex), to_index: String(part.rangeEnd) };
    ownerAccess(parts, requestId).audit("log.exported", { sidecarId, meta });
  }
  return { part };
}

/**
 * Entries that lie on the PC's disk: once old enough, what opens them may be erased here. A part that
 * was given out and did not arrive, or arrived as something else, counts for nothing. Null when the PC
 * is not proved; false where the hash is not that of what stands here.
 */
export async function auditArrived(
  parts: AccountParts,
  { sidecar_id: sidecarId, token, arrived }: PcArrivedRequest,
): Promise<boolean | null> {
  if (!(await provesDevice(parts, DEVICE_TOKEN.auditExport, { sidecarId, token }))) return null;
  const { sql } = parts;
  if (!isWhatArrived({ sql, brokerAccounts: () => accountsWithPolicy(sql) }, arrived)) return false;
  noteExported(sql, arrived.from_index, arrived.end);
  return true;
}

/** Takes away what a pairing gave; false when the pairing stands no more as it was made. */
export function undoPairing(
  parts: AccountParts,
  sidecarId: string,
  undo: PairingUndo,
  requestId: string,
): boolean {
  const { sql, relay } = parts;
  const undone = takeBack(sql, sidecarId, undo);
  if (undone === null) return false;
  const left = undone.left === "paired" ? undone.capabilities : [];
  noteEvent(parts, "sidecar.pairing_undone", {
    by: { kind: "sidecar", sidecarId },
    meta: { left: undone.left, capabilities: left.join(" ") },
    requestId,
  });
  if (undone.left === "revoked") cutOff(sql, relay, sidecarId);
  else relay.narrowed(sidecarId, left);
  return true;
}
