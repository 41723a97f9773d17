import {
  discoverOAuthServerInfo,
  OAuthError,
  OAuthErrorCode,
  refreshAuthorization,
} from "@modelcontextprotocol/client";
import { IbkrError } from "./errors.ts";
import type { Login, LoginStore } from "./login-store.ts";

/** What the gateway says of a login that has ended: only a person can begin another. */
const ENDED: ReadonlySet<string> = new Set([
  OAuthErrorCode.InvalidGrant,
  OAuthErrorCode.InvalidClient,
  OAuthErrorCode.UnauthorizedClient,
]);

/**
 * Gets new tokens for a login and keeps them. False where it has ended. A gateway that cannot be
 * reached, or fails, ends no login: that is thrown, and the same call may pass later.
 */
export async function renewTokens(
  store: LoginStore,
  resource: string,
  { client, tokens }: Login,
): Promise<boolean> {
  if (client === null || tokens?.refresh_token === undefined) return false;
  try {
    const { authorizationServerUrl, authorizationServerMetadata: metadata } =
      await discoverOAuthServerInfo(resource);
    // A refresh token goes to who gave it, and to nobody else.
    const issuer = metadata?.issuer ?? authorizationServerUrl;
    if (tokens.issuer !== undefined && tokens.issuer !== issuer) return false;
    const renewed = await refreshAuthorization(authorizationServerUrl, {
      ...(metadata === undefined ? {} : { metadata }),
      clientInformation: client,
      refreshToken: tokens.refresh_token,
      resource,
    });
    const { expires_in } = renewed;
    await store.change(resource, (login) => ({
      ...login,
      tokens: { ...tokens, ...renewed },
      access_expires_at: expires_in === undefined ? null : Date.now() + expires_in * 1_000,
    }));
    return true;
  } catch (error) {
    if (error instanceof IbkrError) throw error;
    if (error instanceof OAuthError && ENDED.has(error.code)) {
      const unknown = error.code === OAuthErrorCode.InvalidClient;
      await store.change(resource, (login) => ({
        client: unknown ? null : login.client,
        tokens: null,
        access_expires_at: null,
      }));
      return false;
    }
    throw new IbkrError("GATEWAY_UNREACHABLE", "The gateway could not renew the sign-in.", {
      retryable: true,
      cause: error,
    });
  }
}
