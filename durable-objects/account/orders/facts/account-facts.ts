import { isPasskey } from "../../access/tables/passkeys.ts";
import { auditBlocksWrites } from "../../audit/blocks-writes.ts";
import { findClient } from "../../clients/tables/clients.ts";

/** What the rules of orders ask of the account's other wings: its clients, its passkeys, its log. */

/** What a client may do; null when there is none of this name, or it has no access any more. */
export function scopesOfActiveClient(sql: SqlStorage, clientId: string): string[] | null {
  const client = findClient(sql, clientId);
  return client?.state === "active" ? client.scopes : null;
}

export function isClient(sql: SqlStorage, clientId: string): boolean {
  return findClient(sql, clientId) !== null;
}

/** Whether a credential (base64url) is a passkey of the owner's by now. */
export function isOwnersPasskey(sql: SqlStorage, credentialId: string): boolean {
  return isPasskey(sql, credentialId);
}

/** Why the log lets no entry be sent now, in words; null when it lets it. */
export function whyLogBlocksEntries(sql: SqlStorage, nowMs: number): string | null {
  return auditBlocksWrites(sql, nowMs)?.message ?? null;
}
