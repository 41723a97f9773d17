import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";

/**
 * What is left in KV of a client's access. The account's object has decided already; this makes
 * tokens and refreshing say so too, so that the client asks anew.
 */

/** Deletes a client's grants with all their tokens. */
export async function revokeGrantsOf(
  oauth: OAuthHelpers,
  accountId: string,
  clientIds: ReadonlySet<string>,
): Promise<void> {
  for (const grantId of await grantsOf(oauth, accountId, clientIds)) {
    await oauth.revokeGrant(grantId, accountId);
  }
}

async function grantsOf(
  oauth: OAuthHelpers,
  accountId: string,
  clientIds: ReadonlySet<string>,
): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await oauth.listUserGrants(accountId, cursor === undefined ? {} : { cursor });
    for (const grant of page.items) if (clientIds.has(grant.clientId)) found.push(grant.id);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}
