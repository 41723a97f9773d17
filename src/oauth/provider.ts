import {
  OAuthError,
  type OAuthProviderOptions,
  type OAuthResourceContext,
} from "@cloudflare/workers-oauth-provider";
import { ALL_SCOPES, BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { accountExists, operatorAccount } from "../../durable-objects/d1/tables/accounts.ts";
import { accountObject, type Env, type Settings } from "../web/env.ts";
import { ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_DAYS, REGISTERED_CLIENT_DAYS } from "../web/limits.ts";
import { log } from "../web/log.ts";
import type { ExternalVerifier } from "./external-issuers.ts";
import type { GrantProps } from "./grant-props.ts";
import { answerScopes, askedScopes } from "./token-guard.ts";
import type { VerifiedTokens } from "./verified-tokens.ts";

export interface McpHandler {
  fetch(request: Request, env: Env, ctx: OAuthResourceContext<GrantProps>): Promise<Response>;
}

export interface PageHandler {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Response | Promise<Response>;
}

/**
 * Authorization server and protected resource. Every address is absolute and comes from the
 * settings, so that no header can move the issuer. Tokens live in KV and are eventually consistent:
 * whether a client may still act is decided in the account's object, on every call.
 */
export function oauthOptions(
  settings: Settings,
  inside: {
    mcp: McpHandler;
    pages: PageHandler;
    external: ExternalVerifier | null;
    verified: Pick<VerifiedTokens, "keep">;
  },
): OAuthProviderOptions<Env> {
  const { mcp, pages, external, verified } = inside;
  return {
    apiRoute: "/mcp",
    apiHandler: {
      // The library types its context as ExecutionContext, and sets `props` and `auth` on it first.
      fetch(request, env, ctx) {
        const { auth, props } = ctx as OAuthResourceContext<GrantProps>;
        // For this address alone: the library compared the token's audience with it.
        if (request.url === settings.resource) verified.keep({ auth, props });
        return mcp.fetch(request, env, withExternalAuth(ctx as OAuthResourceContext<GrantProps>));
      },
    },
    defaultHandler: { fetch: (request, env, ctx) => pages.fetch(request, env, ctx) },
    authorizeEndpoint: `${settings.publicOrigin}/authorize`,
    tokenEndpoint: `${settings.publicOrigin}/token`,
    clientRegistrationEndpoint: `${settings.publicOrigin}/register`,
    clientIdMetadataDocumentEnabled: true,
    scopesSupported: ALL_SCOPES,
    requiredScopes: BASELINE_SCOPES,
    resourceMetadata: {
      resource: settings.resource,
      authorization_servers: [settings.publicOrigin],
      resource_name: "IBKR Edge Gateway",
    },
    accessTokenTTL: ACCESS_TOKEN_SECONDS,
    refreshTokenTTL: REFRESH_TOKEN_DAYS * 86_400,
    clientRegistrationTTL: REGISTERED_CLIENT_DAYS * 86_400,
    ...(external === null
      ? {}
      : {
          async resolveExternalToken({ token, env }) {
            const proved = await external(token);
            if (proved === null) return null;
            const accountId =
              proved.account === "operator"
                ? await operatorAccount(env.DB, new Date())
                : proved.account;
            if (!(await accountExists(env.DB, accountId))) return null;
            const props: GrantProps = { accountId, external: proved };
            return { props, audience: settings.resource };
          },
        }),
    tokenExchangeCallback: scopesAtRefresh,
    onError({ code, status, internal }) {
      log("warn", "oauth.error", {
        code,
        status,
        category: internal.category,
        reason: internal.reason,
      });
    },
  };
}

/** A refresh is the moment at which KV learns what the account's object has known all along. */
const scopesAtRefresh: NonNullable<OAuthProviderOptions<Env>["tokenExchangeCallback"]> = async (
  exchange,
) => {
  const { grantType, clientId, grantId, userId, env } = exchange;
  if (grantType !== "refresh_token") return;
  const now = await accountObject(env, userId).gateway.scopesLeft(clientId, grantId);
  if (now === null) {
    throw new OAuthError("invalid_grant", { description: "The owner withdrew this access" });
  }
  const first = exchange.scope.filter((one) => now.includes(one));
  const given = [...first, ...now.filter((one) => !first.includes(one))];
  const asked = askedScopes();
  if (asked.some((scope) => !exchange.scope.includes(scope) && !given.includes(scope))) {
    throw new OAuthError("invalid_scope", { description: "More than this grant carries" });
  }
  // Whoever names all that it was first granted wants what there is now. A client that names
  // less gets a token that stays below the grant, whatever the owner does with it later.
  const less = asked.length > 0 && first.some((one) => !asked.includes(one));
  const scope = less ? given.filter((one) => asked.includes(one)) : given;
  if (scope.length === 0) {
    throw new OAuthError("invalid_scope", { description: "None of these scopes is left" });
  }
  answerScopes(scope);
  return {
    accessTokenScope: scope,
    ...(less ? { accessTokenProps: { ...exchange.props, within: scope } } : {}),
  };
};

/** The library says nothing about another issuer's scopes and client; the verified token does. */
function withExternalAuth(ctx: OAuthResourceContext<GrantProps>): OAuthResourceContext<GrantProps> {
  const { external, accountId } = ctx.props;
  if (external === undefined) return ctx;
  const { scopes, clientId } = external;
  Object.assign(ctx, { auth: { ...ctx.auth, scope: scopes, clientId, userId: accountId } });
  return ctx;
}
