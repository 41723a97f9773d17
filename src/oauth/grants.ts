import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";

/**
 * Deletes a client's tokens. The account's object has already stopped the client; this clears what
 * is left in KV, so that refreshing fails as well and the client asks the owner again.
 */
export async function revokeGrantsOf(
  oauth: OAuthHelpers,
  accountId: string,
  clientId: string,
): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await oauth.listUserGrants(accountId, cursor === undefined ? {} : { cursor });
    for (const grant of page.items) {
      if (grant.clientId === clientId) await oauth.revokeGrant(grant.id, accountId);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
}
