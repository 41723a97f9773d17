import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
  CimdFetchError,
} from "@cloudflare/workers-oauth-provider";
import { accessInWords, isOrderScope } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { BASELINE_SCOPES, isScope, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { type Context, Hono } from "hono";
import type { ConnectedClient } from "../../durable-objects/account/rpc/account-types.ts";
import { confirmFirst, needsConfirmation } from "../owner/confirm.tsx";
import { requireOwner } from "../owner/owner-session.ts";
import { displayText } from "../web/client-text.ts";
import { readForm } from "../web/form.ts";
import { log } from "../web/log.ts";
import { relaxForLoopback, restoreFromLoopback } from "../web/loopback-cookies.ts";
import { Message, sendPage } from "../web/page.tsx";
import type { PageEnv } from "../web/page-env.ts";
import { sameSecret } from "../web/same-secret.ts";
import type { Owner } from "../web/signed-in-owner.ts";
import { liveRefused, newScopes, scopesChosen } from "./access-form.ts";
import { accountsChosen, accountsToChoose } from "./account-choices.tsx";
import { ConsentPage } from "./consent-page.tsx";
import { openConnections, revokeStoredGrants } from "./grants.ts";
import { liveNeeds } from "./live-needs.ts";
import { tokenParts } from "./token-guard.ts";

/**
 * The authorization endpoint: shown for every request, because the owner decides anew each time.
 *
 * The request is kept by the library between page and answer; the form carries a handle alone. What
 * is granted is what the owner chose, be it less or more than was asked; the answer to the client
 * names it (RFC 6749 §3.3). Clients ask for what the 401 names, which is *Read*, and cannot be told
 * to ask for anything else; so the choice has to be made here.
 */
export const consentRoutes = new Hono<PageEnv>();

consentRoutes.use("/authorize", requireOwner);

consentRoutes.get("/authorize", async (c) => {
  const oauth = c.env.OAUTH_PROVIDER;
  const owner = c.get("owner");
  if (hasRepeatedParameter(new URL(c.req.url).searchParams)) {
    // Which of the two is meant cannot be known, so neither is trusted with a redirect.
    throw new AuthorizationError("invalid_request", { description: "A parameter is repeated." });
  }
  const request = await oauth.parseAuthRequest(c.req.raw);
  // OAuth 2.1 asks it of every client; the library lets those with a secret go without.
  const { codeChallenge = "", codeChallengeMethod } = request;
  if (!/^[A-Za-z0-9_-]{43}$/.test(codeChallenge) || codeChallengeMethod !== "S256") {
    return refuse(c, request, "invalid_request", "PKCE with S256 is required");
  }
  const asked = requestedScopes(request);
  if (asked.length === 0) {
    return refuse(c, request, "invalid_scope", "None of the requested scopes exists here");
  }
  const details = await oauth.describeConsent(request);
  const [consent, accounts, live, client] = await Promise.all([
    oauth.beginConsent(request),
    accountsToChoose(owner),
    liveNeeds(owner),
    owner.account.clients.findClient(request.clientId),
  ]);
  const known = whileIn(client);
  const connections =
    known === null ? [] : await openConnections(oauth, owner.accountId, known, Date.now());
  return sendPage(
    c,
    <ConsentPage
      {...{ owner, details, asked, known, connections, accounts, live }}
      now={new Date()}
      handle={consent.handle}
    />,
    {
      headers: c.get("settings").loopback ? relaxForLoopback(consent.headers) : consent.headers,
      formTarget: formTarget(details.redirectUri),
    },
  );
});

/** The app as the consent page names it: what it calls itself, and its host. */
const APP_MAX_CHARS = 400;

consentRoutes.post("/authorize", async (c) => {
  const oauth = c.env.OAUTH_PROVIDER;
  const owner = c.get("owner");
  const form = await readForm(c);
  if (form === null || !sameSecret(form.get("csrf") ?? "", owner.session.csrf))
    return expired(c, owner);
  const { loopback } = c.get("settings");
  const bound = loopback ? restoreFromLoopback(c.req.raw) : c.req.raw;
  const handle = form.get("handle") ?? "";
  const outgoing = (headers: Headers) => (loopback ? relaxForLoopback(headers) : headers);

  if (form.get("decision") !== "approve") {
    const denied = await oauth.denyConsent(bound, handle);
    return leave(denied.redirectTo, outgoing(denied.headers));
  }
  const ticked = scopesChosen(form);
  const refused = liveRefused(ticked, await liveNeeds(owner));
  if (refused !== null) return notChosen(c, owner, refused);
  if (ticked.length === 0 && form.get("choice") !== "asked") {
    return notChosen(c, owner, "Choose what the app may do, or deny it.");
  }
  if (ticked.some(isOrderScope) && (await needsConfirmation(owner))) {
    const app = displayText(form.get("app") ?? "An app", APP_MAX_CHARS);
    return confirmFirst(c, form, "/", { app, access: accessInWords(ticked) });
  }
  const approved = await oauth.approveConsent(bound, handle);
  const scopes = scopesChosen(form, requestedScopes(approved.request));
  if (scopes.length === 0) return expired(c, owner);
  const details = await oauth.describeConsent(approved.request);
  const client = {
    clientId: approved.request.clientId,
    clientName: displayText(details.clientName),
    redirectHost: details.redirectHost,
  };
  const { redirectTo } = await oauth.completeAuthorization({
    request: approved.request,
    userId: owner.accountId,
    metadata: { clientName: client.clientName, redirectHost: client.redirectHost },
    scope: scopes,
    props: { accountId: owner.accountId },
  });
  // Before the code leaves: what it will be exchanged for has no standing until this is stored.
  const accounts = accountsChosen(form);
  const grantId = grantOf(redirectTo);
  const had = whileIn(await owner.account.clients.findClient(client.clientId))?.scopes ?? [];
  const endsOthers = form.get("end_others") === "yes" && newScopes(scopes, had).some(isOrderScope);
  await owner.account.clients.admitClient({
    ...client,
    grantId,
    scopes,
    atOnce: form.get("at_once") === "yes",
    ...(accounts === undefined ? {} : { accounts }),
    endsOthers,
  });
  if (endsOthers) {
    await revokeStoredGrants(oauth, owner.accountId, new Set([client.clientId]), grantId);
  }
  return leave(redirectTo, outgoing(approved.headers));
});

consentRoutes.onError((error, c) => {
  if (error instanceof AuthorizationError) {
    // With `redirectTo` the client and its redirect URI are proved; without, this page is the end.
    if (error.redirectTo !== undefined) return leave(error.redirectTo, new Headers());
    return sendPage(
      c,
      <Message title="This request cannot be answered">
        <p>{displayText(error.description, 300)}</p>
        <p>Nothing has been granted. Start again from the app.</p>
      </Message>,
      { status: 400 },
    );
  }
  if (error instanceof CimdFetchError) {
    log("warn", "oauth.client_metadata", {
      request_id: c.get("requestId"),
      reason: error.reason,
    });
    return sendPage(
      c,
      <Message title="This app could not be verified">
        <p>
          The document that describes the app could not be fetched or is not valid. Nothing has been
          granted.
        </p>
      </Message>,
      { status: 400 },
    );
  }
  throw error;
});

const whileIn = (client: ConnectedClient | null): ConnectedClient | null =>
  client?.state === "active" ? client : null;

/** The scopes to ask about, in the order of the catalogue; a client that names none gets the baseline. */
function requestedScopes(request: AuthRequest): Scope[] {
  if (request.scope.length === 0) return BASELINE_SCOPES;
  return [...new Set(request.scope.filter(isScope))];
}

/** RFC 6749 §3.1: no parameter twice. `resource` may be (RFC 8707); the library judges that. */
function hasRepeatedParameter(query: URLSearchParams): boolean {
  const names = [...query.keys()].filter((name) => name !== "resource");
  return new Set(names).size < names.length;
}

/** The grant behind an authorization response; its code is `account:grant:secret`. */
function grantOf(redirectTo: string): string {
  const parts = tokenParts(new URL(redirectTo).searchParams.get("code") ?? "");
  if (parts === null) throw new Error("the authorization response carries no code of ours");
  return parts.grantId;
}

function refuse(
  c: Context<PageEnv>,
  request: AuthRequest,
  code: "invalid_request" | "invalid_scope",
  description: string,
): Response {
  log("warn", "oauth.refused", { request_id: c.get("requestId"), code });
  return leave(authorizationErrorRedirect(request, code, description), new Headers());
}

function leave(location: string, headers: Headers): Response {
  headers.set("Location", location);
  headers.set("Cache-Control", "no-store");
  return new Response(null, { status: 303, headers });
}

function expired(c: Context<PageEnv>, owner: Owner) {
  return sendPage(
    c,
    <Message title="This page had expired" tone="warn" owner={owner}>
      <p>Nothing has been granted. Start again from the app.</p>
    </Message>,
    { status: 403 },
  );
}

function notChosen(c: Context<PageEnv>, owner: Owner, why: string) {
  return sendPage(
    c,
    <Message title="Nothing was allowed" tone="warn" owner={owner}>
      <p>{why} Go back to choose again; nothing has been granted.</p>
    </Message>,
    { status: 400 },
  );
}

/** The origin a browser is sent to by the form's answer, as a CSP source. */
function formTarget(redirectUri: string): string {
  const { origin, protocol, hostname } = new URL(redirectUri);
  // CSP has no notation for IPv6 addresses.
  return hostname.startsWith("[") ? protocol : origin;
}
