import { dropRecovery } from "../access/member-recovery.ts";
import type { RelayHost } from "./relay-host-interface.ts";

/** After its row was revoked: the PC's session ends, and so does what it asked for as a way in. */
export function cutOff(
  sql: SqlStorage,
  relay: Pick<RelayHost, "revoked">,
  sidecarId: string,
  reason?: string,
): void {
  dropRecovery(sql, sidecarId);
  relay.revoked(sidecarId, reason);
}
