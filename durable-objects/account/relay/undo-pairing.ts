import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { PairingUndo } from "../rpc/account-types.ts";
import { restorePairing, revokeSidecar, standingPairing } from "./tables/sidecars.ts";

/**
 * Undoes a pairing that its PC gives up, while it stands as it was made: not after the PC was
 * revoked, paired again or got another key. What the PC may do afterwards is what it might do both
 * before and now, so nothing comes back that its owner took away, and a choice that the owner made
 * since stays. Null when there is nothing to undo.
 */
export function undoPairing(
  sql: SqlStorage,
  sidecarId: string,
  { devicePublicKey, pairedAt, before }: PairingUndo,
): { left: "revoked" } | { left: "paired"; capabilities: Capability[] } | null {
  const stands = standingPairing(sql, { sidecarId, devicePublicKey, pairedAt });
  if (stands === null) return null;
  if (before === null) {
    revokeSidecar(sql, sidecarId);
    return { left: "revoked" };
  }
  const capabilities = stands.capabilities.filter((capability) =>
    before.capabilities.includes(capability),
  );
  restorePairing(sql, sidecarId, { ...before, capabilities });
  return { left: "paired", capabilities };
}
