import { AsyncLocalStorage } from "node:async_hooks";
import type { OAuthHelpers } from "@cloudflare/workers-oauth-provider";
import { isAccountId } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { accountObject, type Env } from "../web/env.ts";
import { FORM_BODY_MAX_BYTES, TOKEN_BODY_READ_MS } from "../web/limits.ts";
import { log } from "../web/log.ts";
import { readBody } from "../web/read-body.ts";
import { requestId } from "../web/request-id.ts";

/**
 * The OAuth library keeps codes and refresh tokens in KV, where "read, then delete" is not atomic:
 * two requests at the same instant could both redeem one code. So their use is noted in the
 * account's object, which can tell the first from every later one.
 *
 * - A code passes once, even when that one request fails. Coming again after it was redeemed, it
 *   takes back the whole grant (OAuth 2.1 §4.1.3).
 * - A refresh token may come again while its successor is unused (a lost answer). Once the library
 *   refuses one that did work before, it is being replayed, and the grant goes as well.
 *
 * The library also cuts the scopes that a refresh asks for down to the grant's, where RFC 6749 §6
 * wants more than the grant's refused; so what was asked for is handed on beside it. And it names in
 * its answer at most what the grant began with, where the owner may have given more since.
 */
export async function guardedTokenRequest(
  request: Request,
  env: Env,
  oauth: () => OAuthHelpers,
  answer: (request: Request) => Promise<Response>,
): Promise<Response> {
  const body = await readBody(request, {
    maxBytes: FORM_BODY_MAX_BYTES,
    deadlineMs: TOKEN_BODY_READ_MS,
  });
  if (!body.ok) return tokenError(body.reason === "too_large" ? 413 : 400, "invalid_request");
  const { url, headers } = request;
  const form = new URLSearchParams(body.text);
  const under: TokenRequest = { asked: form.get("scope")?.split(" ").filter(Boolean) ?? [] };
  const pass = async () => {
    const response = await underWay.run(under, () =>
      answer(new Request(url, { method: "POST", headers, body: body.text })),
    );
    return under.answered === undefined ? response : withScope(response, under.answered);
  };
  const used = usedToken(form);
  if (used === null) return pass();

  const account = accountObject(env, used.accountId).gateway;
  const hash = sha256Hex(used.token);
  const takeBack = async () => {
    log("warn", "oauth.replay", { kind: used.kind, request_id: requestId(request) });
    await account.revokeGrant(used.grantId, requestId(request));
    await oauth().revokeGrant(used.grantId, used.accountId);
  };
  if (used.kind === "code") {
    const taken = await account.takeCode(hash);
    if (taken === "replayed") await takeBack();
    if (taken !== "first") {
      return tokenError(400, "invalid_grant", "Authorization code is unknown or already used");
    }
  }
  const response = await pass();
  if (response.ok) await account.noteRedeemed(used.kind, hash);
  else if (used.kind === "refresh" && !(await onlyScopesRefused(response))) {
    if (await account.isRedeemed(hash)) await takeBack();
  }
  return response;
}

/** Scopes are looked at last: whoever is refused for them alone came with a token that is good. */
async function onlyScopesRefused(response: Response): Promise<boolean> {
  // A body that is no JSON says nothing of scopes; the response itself goes back untouched.
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return (
    typeof body === "object" && body !== null && "error" in body && body.error === "invalid_scope"
  );
}

interface TokenRequest {
  readonly asked: readonly string[];
  answered?: readonly string[];
}

const underWay = new AsyncLocalStorage<TokenRequest>();

/** The scopes that the token request under way names; none where it names none. */
export function askedScopes(): readonly string[] {
  return underWay.getStore()?.asked ?? [];
}

/** What the answer to the token request under way is to name as its scope. */
export function answerScopes(scopes: readonly string[]): void {
  const request = underWay.getStore();
  if (request !== undefined) request.answered = scopes;
}

/** The same answer with the scope that the account's object decided (RFC 6749 §3.3). */
async function withScope(response: Response, scopes: readonly string[]): Promise<Response> {
  if (!response.ok) return response;
  const body: unknown = await response.json();
  const named = typeof body === "object" ? { ...body, scope: scopes.join(" ") } : body;
  return new Response(JSON.stringify(named), response);
}

interface UsedToken {
  kind: "code" | "refresh";
  accountId: string;
  grantId: string;
  token: string;
}

/** The code or refresh token of a well-formed request; null for everything that carries neither. */
function usedToken(form: URLSearchParams): UsedToken | null {
  const grantType = form.get("grant_type");
  if (grantType !== "authorization_code" && grantType !== "refresh_token") return null;
  const kind = grantType === "authorization_code" ? "code" : "refresh";
  const [token, ...more] = form.getAll(kind === "code" ? "code" : "refresh_token");
  if (token === undefined || more.length > 0) return null;
  const parts = tokenParts(token);
  return parts === null ? null : { kind, token, ...parts };
}

/** Account and grant of a code or token we issued (`account:grant:secret`); null for anything else. */
export function tokenParts(token: string): { accountId: string; grantId: string } | null {
  const [accountId = "", grantId = "", secret = "", ...rest] = token.split(":");
  if (rest.length > 0 || !isAccountId(accountId)) return null;
  if (!/^[A-Za-z0-9_-]{16}$/.test(grantId) || secret === "") return null;
  return { accountId, grantId };
}

function tokenError(status: number, error: string, description?: string): Response {
  return Response.json(
    { error, ...(description === undefined ? {} : { error_description: description }) },
    { status, headers: { "Cache-Control": "no-store", Pragma: "no-cache" } },
  );
}
