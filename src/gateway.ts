import { getOAuthApi, OAuthProvider } from "@cloudflare/workers-oauth-provider";
import { clean } from "./cleaning.ts";
import { ConfigurationError, type Env, readSettings, type Settings } from "./env.ts";
import { REGISTRATION_BODY_MAX_BYTES } from "./limits.ts";
import { boundedKv } from "./oauth/bounded-kv.ts";
import {
  type ExternalIssuer,
  externalVerifier,
  readExternalIssuers,
} from "./oauth/external-issuers.ts";
import { type McpHandler, oauthOptions } from "./oauth/provider.ts";
import { withoutEmptyMembers } from "./oauth/registration.ts";
import { guardedTokenRequest } from "./oauth/token-guard.ts";
import {
  announcingDeletions,
  type VerifiedToken,
  verifiedTokens,
} from "./oauth/verified-tokens.ts";
import { oidcClient, readOidcSettings } from "./owner/oidc.ts";
import { pages } from "./pages.tsx";
import { sourceOf } from "./web/address.ts";
import { admitHost, admitOrigin } from "./web/admission.ts";
import { log } from "./web/log.ts";
import type { OidcSettings } from "./web/oidc.ts";
import { guardedFetch } from "./web/outbound.ts";
import { limitRefused, tooManyRequests } from "./web/rate-limits.ts";
import { requestId } from "./web/request-id.ts";
import { logRequest } from "./web/request-log.ts";

export interface Gateway {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response>;
  /** The hourly cleaning; see wrangler.toml's triggers. */
  scheduled(event: ScheduledController, env: Env): Promise<void>;
}

/** Where RFC 9728 metadata stands for a resource without a path; some hosts probe it first. */
const ROOT_RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

/**
 * The whole Worker: OAuth outermost, pages and the relay's entrance inside it, the MCP handler
 * behind a bearer token. Built once; a deployment that cannot serve says why on every request.
 */
export function createGateway(env: Env, mcp: McpHandler): Gateway {
  let settings: Settings;
  let oidcSettings: OidcSettings | null;
  let issuers: ExternalIssuer[];
  try {
    settings = readSettings(env);
    oidcSettings = readOidcSettings(env);
    issuers = readExternalIssuers(env.EXTERNAL_ISSUERS);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const line = error.message;
    log("error", "configuration", { message: line });
    return {
      fetch: async () => new Response(`${line}\n`, { status: 503 }),
      scheduled: async () => log("error", "configuration", { message: line }),
    };
  }
  // The OAuth library fetches by the global name, so that is where the guard stands.
  globalThis.fetch = guardedFetch(globalThis.fetch.bind(globalThis), {
    ownOrigin: settings.publicOrigin,
    now: Date.now,
  });
  const oidc =
    oidcSettings === null ? null : { settings: oidcSettings, client: oidcClient(oidcSettings) };
  const inside = pages(settings, oidc);
  const verified = verifiedTokens(Date.now);
  const options = oauthOptions(settings, {
    mcp,
    pages: { fetch: (request, bindings, ctx) => inside.fetch(request, bindings, ctx) },
    external: issuers.length === 0 ? null : externalVerifier(issuers),
    verified,
  });
  const provider = new OAuthProvider<Env>(options);

  const guarded = new WeakMap<Env, Env>();
  /** The bindings, with a token store that no stranger's key can make fail. */
  function guardedEnv(bindings: Env): Env {
    const known = guarded.get(bindings);
    if (known !== undefined) return known;
    const kv = announcingDeletions(bindings.OAUTH_KV, verified.forget);
    const made = { ...bindings, OAUTH_KV: boundedKv(kv) };
    guarded.set(bindings, made);
    return made;
  }

  /**
   * The token of a request that needs nothing from the OAuth library but its word, and gave it a
   * moment ago. Everything else (preflights, pages of other origins, a query) goes to the library.
   */
  function knownToken(request: Request): VerifiedToken | null {
    const { headers, method, url } = request;
    if (method !== "POST" || url !== settings.resource || headers.has("Origin")) return null;
    const token = /^Bearer[\t ]+([^\s,]+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
    return token === undefined ? null : verified.find(token);
  }

  /** What a path needs before and after OAuth has its turn. */
  async function answer(
    request: Request,
    url: URL,
    bindings: Env,
    ctx: ExecutionContext,
  ): Promise<Response> {
    const misplaced = admitHost(request, url, settings);
    if (misplaced !== null) return misplaced;
    switch (url.pathname) {
      case ROOT_RESOURCE_METADATA:
        url.pathname = `${ROOT_RESOURCE_METADATA}/mcp`;
        return provider.fetch(new Request(url, request), bindings, ctx);
      // Typed or copied with a slash at its end, it is the same endpoint.
      case "/mcp/":
      case `${ROOT_RESOURCE_METADATA}/mcp/`: {
        const same = new URL(url);
        same.pathname = url.pathname.slice(0, -1);
        return answer(new Request(same, request), same, bindings, ctx);
      }
      case "/mcp": {
        const foreign = admitOrigin(request, settings);
        if (foreign !== null) return foreign;
        const known = knownToken(request);
        if (known !== null) return mcp.fetch(request, bindings, Object.assign(ctx, known));
        const response = await provider.fetch(request, bindings, ctx);
        if (response.status !== 401 || !request.headers.has("Authorization")) return response;
        return limitRefused(bindings.REFUSED_LIMIT, request, challenged(response));
      }
      case "/token": {
        if (request.method !== "POST") return provider.fetch(request, bindings, ctx);
        const response = await guardedTokenRequest(
          request,
          bindings,
          () => getOAuthApi(options, bindings),
          (copy) => provider.fetch(copy, bindings, ctx),
        );
        return limitRefused(bindings.REFUSED_LIMIT, request, response);
      }
      case "/register": {
        if (request.method !== "POST") return provider.fetch(request, bindings, ctx);
        if (Number(request.headers.get("Content-Length")) > REGISTRATION_BODY_MAX_BYTES) {
          return Response.json({ error: "invalid_client_metadata" }, { status: 413 });
        }
        const { success } = await bindings.REGISTER_LIMIT.limit({ key: sourceOf(request) });
        if (!success) return tooManyRequests();
        const registration = await withoutEmptyMembers(request);
        return registration instanceof Response
          ? registration
          : provider.fetch(registration, bindings, ctx);
      }
      default:
        return provider.fetch(request, bindings, ctx);
    }
  }

  return {
    async fetch(request, bindings, ctx) {
      const startedMs = Date.now();
      const url = new URL(request.url);
      // Taken now: on the way a path may be read as another one's.
      const path = url.pathname;
      let response: Response;
      try {
        response = await answer(request, url, guardedEnv(bindings), ctx);
      } catch (error) {
        log("error", "request.failed", {
          request_id: requestId(request),
          error: error instanceof Error ? error.name : typeof error,
          detail: error instanceof Error ? error.message.slice(0, 300) : "",
        });
        response = Response.json(
          { error: "server_error" },
          { status: 500, headers: { "Cache-Control": "no-store" } },
        );
      }
      logRequest(request, response, path, startedMs, Date.now());
      return response;
    },
    scheduled({ scheduledTime }, bindings) {
      const inner = guardedEnv(bindings);
      return clean(inner, getOAuthApi(options, inner), new Date(scheduledTime));
    },
  };
}

/**
 * A credential that was sent and not taken is an invalid token (RFC 6750 §3.1), also where it was
 * too malformed for the library to read as one.
 */
function challenged(response: Response): Response {
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  if (/\berror=/.test(challenge)) return response;
  const copy = new Response(response.body, response);
  copy.headers.set("WWW-Authenticate", challenge.replace(/,|$/, ', error="invalid_token",'));
  return copy;
}
