import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import type {
  ClientConnection,
  ConnectedClient,
} from "../../durable-objects/account/rpc/account-types.ts";

/**
 * What is left in KV of a client's access. The account's object has decided already; this makes
 * tokens and refreshing say so too, so that the client asks anew.
 */

/** Deletes clients' grants with all their tokens, but for the one that stays. */
export async function revokeStoredGrants(
  oauth: OAuthHelpers,
  accountId: string,
  clientIds: ReadonlySet<string>,
  keep?: string,
): Promise<void> {
  for (const grantId of await grantsOf(oauth, accountId, clientIds)) {
    if (grantId !== keep) await oauth.revokeGrant(grantId, accountId);
  }
}

/** Deletes every grant of an account with all its tokens. */
export async function revokeAllStoredGrants(oauth: OAuthHelpers, accountId: string): Promise<void> {
  for (const grantId of await grantsOf(oauth, accountId, null)) {
    await oauth.revokeGrant(grantId, accountId);
  }
}

/** Longer than KV takes to show everywhere what was written. */
const KV_SETTLES_MS = 120_000;

/**
 * The connections of a client that still have tokens: a sign-in that another one replaced has none.
 * KV may be a minute behind, so the newest count unseen, and this is for showing alone; what is
 * ended, the account's object ends.
 */
export async function openConnections(
  oauth: OAuthHelpers,
  accountId: string,
  { clientId, connections }: Pick<ConnectedClient, "clientId" | "connections">,
  nowMs: number,
): Promise<ClientConnection[]> {
  if (connections.length < 2) return connections;
  const inKv = new Set(await grantsOf(oauth, accountId, new Set([clientId])));
  return connections.filter(
    ({ grantId, madeAt }) => inKv.has(grantId) || nowMs - Date.parse(madeAt) < KV_SETTLES_MS,
  );
}

async function grantsOf(
  oauth: OAuthHelpers,
  accountId: string,
  clientIds: ReadonlySet<string> | null,
): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await oauth.listUserGrants(accountId, cursor === undefined ? {} : { cursor });
    for (const { id, clientId } of page.items) {
      if (clientIds === null || clientIds.has(clientId)) found.push(id);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
