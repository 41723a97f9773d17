import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
} from "@modelcontextprotocol/client";
import type { Login } from "./login-store.ts";

const ANSWER_MAX_MS = 10_000;

/** Tells the gateway that the login ends (RFC 7009). False where it could not be told. */
export async function revoke({ client, tokens }: Login, resource: string): Promise<boolean> {
  const token = tokens?.refresh_token ?? tokens?.access_token;
  if (client === null || token === undefined) return true;
  try {
    const { authorization_servers } = await discoverOAuthProtectedResourceMetadata(resource);
    const server = authorization_servers?.[0] ?? new URL(resource).origin;
    const metadata = await discoverAuthorizationServerMetadata(server);
    const endpoint =
      metadata !== undefined && "revocation_endpoint" in metadata
        ? metadata.revocation_endpoint
        : undefined;
    if (typeof endpoint !== "string") return false;
    // What is signed out of must not hear of a token of elsewhere.
    if (new URL(endpoint).origin !== new URL(resource).origin) return false;
    const answer = await fetch(endpoint, {
      method: "POST",
      body: new URLSearchParams({ token, client_id: client.client_id }),
      signal: AbortSignal.timeout(ANSWER_MAX_MS),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
