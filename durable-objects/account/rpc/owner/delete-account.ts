import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { beginDeletion } from "../../access/account-deletion.ts";
import { confirmSession, type SignedIn } from "../../access/owner-access.ts";
import { revokeAllSessions } from "../../access/tables/owner-sessions.ts";
import { countPasskeys } from "../../access/tables/passkeys.ts";
import { countToKeep } from "../../audit/tables/log.ts";
import { readRetention } from "../../audit/tables/retention.ts";
import { revokeAllClients } from "../../clients/clients.ts";
import { notEnded } from "../../orders/tables/intents/working.ts";
import { cutOff } from "../../relay/cut-off.ts";
import { listSidecars, revokeSidecar } from "../../relay/tables/sidecars.ts";
import type { AccountParts } from "../account-parts.ts";

/** Orders that are named one by one; more of them block just as well. */
const ORDERS_NAMED = 20;
/** The PCs' goodbye and the last head come first; then nothing of the account is left. */
const ERASED_AFTER_MS = 3_000;

/** What stands between an owner and the deletion of the account. */
export interface DeletionView {
  /** Orders, changes and cancels that are not known to have ended: our references, twenty at most. */
  readonly openOrders: readonly { readonly coid: string; readonly action: string }[];
  /** Whether a PC is connected, by which they could be ended. */
  readonly pcConnected: boolean;
  /** Entries of the log that say more than who signed in, and that no PC has exported. */
  readonly notExported: number;
  /** The PCs that are paired, by the names their owner knows. */
  readonly pcs: readonly string[];
  readonly hasPasskey: boolean;
}

export interface DeletionAsked {
  readonly assertion: PasskeyAssertion;
  /** Goes on although not all is exported. */
  readonly withoutExport: boolean;
  /** Goes on although orders are not known to have ended; counts only while no PC is connected. */
  readonly leaveOrders: boolean;
}

export type DeletionOutcome = "begun" | "not_proved" | "open_orders" | "not_exported";

export function deletionView(parts: AccountParts): DeletionView {
  const { sql, relay } = parts;
  return {
    openOrders: notEnded(sql, ORDERS_NAMED),
    pcConnected: relay.presence().online,
    notExported: countToKeep(sql, readRetention(sql).exported_through),
    pcs: listSidecars(sql)
      .filter(({ state }) => state === "active")
      .map(({ machine }) => machine),
    hasPasskey: countPasskeys(sql) > 0,
  };
}

/**
 * Ends everything that acts for the account, in one turn: agents, PCs and sessions. The object erases
 * what is stored as soon as it is woken next, in its alarm, so that a deletion which has begun also
 * ends. A fresh answer of a passkey is asked for, however lately one confirmed the session.
 */
export async function deleteAccount(
  parts: AccountParts,
  owner: SignedIn,
  { assertion, withoutExport, leaveOrders }: DeletionAsked,
): Promise<DeletionOutcome> {
  if (!(await confirmSession(owner, assertion))) return "not_proved";
  // Waiting for the passkey, the session may have ended.
  owner.session();
  const { sql, now } = owner;
  const { openOrders, pcConnected, notExported } = deletionView(parts);
  if (openOrders.length > 0 && (pcConnected || !leaveOrders)) return "open_orders";
  if (notExported > 0 && !withoutExport) return "not_exported";
  const meta = { what: "account", orders_left: String(openOrders.length) };
  owner.audit("owner.erased", { meta });
  for (const clientId of revokeAllClients(sql, now())) owner.audit("client.revoked", { clientId });
  for (const { sidecarId, state } of listSidecars(sql)) {
    if (state !== "active") continue;
    revokeSidecar(sql, sidecarId);
    owner.audit("sidecar.revoked", { sidecarId });
    cutOff(sql, parts.relay, sidecarId, goodbye());
  }
  revokeAllSessions(sql);
  beginDeletion(sql, now());
  parts.wakeAt(now() + ERASED_AFTER_MS);
  return "begun";
}

const goodbye = (): string =>
  `the owner deleted the account at the gateway; this PC keeps its own records. Remove its keys and settings with \`${sidecarCommand("uninstall")}\``;
