import type { OAuthHelpers, OAuthProvider } from "@cloudflare/workers-oauth-provider";
import type { Env, Settings } from "../web/env.ts";
import { admitOrigin } from "../web/host-and-origin.ts";
import { REGISTRATION_BODY_MAX_BYTES } from "../web/limits.ts";
import { limitRefused, tooManyRequests } from "../web/rate-limits.ts";
import { sourceOf } from "../web/source-address.ts";
import { explained, isLookByBrowser } from "./mcp-in-browser.tsx";
import type { McpHandler } from "./provider.ts";
import { withoutEmptyMembers } from "./registration.ts";
import { guardedTokenRequest } from "./token-guard.ts";
import type { VerifiedToken, VerifiedTokens } from "./verified-tokens.ts";

/** Where RFC 9728 metadata stands for a resource without a path; some hosts probe it first. */
const ROOT_RESOURCE_METADATA = "/.well-known/oauth-protected-resource";

/** What stands before and behind the OAuth library's own endpoints. */
export interface OAuthParts {
  settings: Settings;
  provider: Pick<OAuthProvider<Env>, "fetch">;
  /** The library's view of its token store, for the bindings of a request. */
  helpers(bindings: Env): OAuthHelpers;
  mcp: McpHandler;
  verified: Pick<VerifiedTokens, "find">;
}

/** Answers a request, with what its path needs before and after the OAuth library has its turn. */
export async function answerByPath(
  parts: OAuthParts,
  request: Request,
  url: URL,
  bindings: Env,
  ctx: ExecutionContext,
): Promise<Response> {
  const { provider } = parts;
  switch (url.pathname) {
    case ROOT_RESOURCE_METADATA:
      url.pathname = `${ROOT_RESOURCE_METADATA}/mcp`;
      return provider.fetch(new Request(url, request), bindings, ctx);
    // Typed or copied with a slash at its end, it is the same endpoint.
    case "/mcp/":
    case `${ROOT_RESOURCE_METADATA}/mcp/`: {
      const same = new URL(url);
      same.pathname = url.pathname.slice(0, -1);
      return answerByPath(parts, new Request(same, request), same, bindings, ctx);
    }
    case "/mcp":
      return answerMcp(parts, request, bindings, ctx);
    case "/token":
      return answerToken(parts, request, bindings, ctx);
    case "/register":
      return answerRegistration(parts, request, bindings, ctx);
    default:
      return provider.fetch(request, bindings, ctx);
  }
}

async function answerMcp(
  { settings, provider, mcp, verified }: OAuthParts,
  request: Request,
  bindings: Env,
  ctx: ExecutionContext,
): Promise<Response> {
  const foreign = admitOrigin(request, settings);
  if (foreign !== null) return foreign;
  const known = knownToken(request, settings, verified);
  if (known !== null) return mcp.fetch(request, bindings, Object.assign(ctx, known));
  const response = await provider.fetch(request, bindings, ctx);
  if (response.status === 401 && isLookByBrowser(request)) return explained(response, settings);
  if (response.status !== 401 || !request.headers.has("Authorization")) return response;
  return limitRefused(bindings.REFUSED_LIMIT, request, challenged(response));
}

async function answerToken(
  { provider, helpers }: OAuthParts,
  request: Request,
  bindings: Env,
  ctx: ExecutionContext,
): Promise<Response> {
  if (request.method !== "POST") return provider.fetch(request, bindings, ctx);
  const response = await guardedTokenRequest(
    request,
    bindings,
    () => helpers(bindings),
    (copy) => provider.fetch(copy, bindings, ctx),
  );
  return limitRefused(bindings.REFUSED_LIMIT, request, response);
}

async function answerRegistration(
  { provider }: OAuthParts,
  request: Request,
  bindings: Env,
  ctx: ExecutionContext,
): Promise<Response> {
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

/**
 * The token of a request that needs nothing from the OAuth library but its word, and gave it a
 * moment ago. Everything else (preflights, pages of other origins, a query) goes to the library.
 */
function knownToken(
  { headers, method, url }: Request,
  settings: Settings,
  verified: OAuthParts["verified"],
): VerifiedToken | null {
  if (method !== "POST" || url !== settings.resource || headers.has("Origin")) return null;
  const token = /^Bearer[\t ]+([^\s,]+)$/i.exec(headers.get("Authorization") ?? "")?.[1];
  return token === undefined ? null : verified.find(token);
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
