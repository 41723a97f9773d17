import {
  AuthorizationError,
  type AuthRequest,
  authorizationErrorRedirect,
  CimdFetchError,
  type ConsentDescription,
} from "@cloudflare/workers-oauth-provider";
import { type Context, Hono } from "hono";
import type { PageEnv } from "../console/context.ts";
import { Message, Page, sendPage } from "../console/page.tsx";
import { log } from "../log.ts";
import { BASELINE_SCOPES, isScope, SCOPES, type Scope } from "../protocol/scopes.ts";
import { requestId } from "../request-id.ts";
import { displayText } from "./client-text.ts";
import { confirmFirst, confirmPath, needsConfirmation } from "./confirm.tsx";
import { readForm } from "./form.ts";
import { relaxForLoopback, restoreFromLoopback } from "./loopback-cookies.ts";
import { type Owner, requireOwner } from "./owner-session.ts";
import { sameSecret } from "./same-secret.ts";
import { ScopeChoices } from "./scope-choices.tsx";
import { tokenParts } from "./token-guard.ts";

/**
 * The authorization endpoint: shown for every request, because the owner decides anew each time.
 *
 * The request is kept by the library between page and answer; the form carries a handle alone. What
 * is granted is what was ticked AND asked for: a form cannot add a scope the client did not name.
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
  const scopes = requestedScopes(request);
  if (scopes.length === 0) {
    return refuse(c, request, "invalid_scope", "None of the requested scopes exists here");
  }
  if (scopes.some(isOrderScope) && (await needsConfirmation(owner))) {
    return c.redirect(confirmPath(c.req.raw), 303);
  }
  const details = await oauth.describeConsent(request);
  const consent = await oauth.beginConsent(request);
  return sendPage(
    c,
    <Consent owner={owner} details={details} scopes={scopes} handle={consent.handle} />,
    {
      headers: c.get("settings").loopback ? relaxForLoopback(consent.headers) : consent.headers,
      formTarget: formTarget(details.redirectUri),
    },
  );
});

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
  const ticked = new Set(form.getAll("scope"));
  if (ticked.size === 0) {
    return sendPage(
      c,
      <Message title="Nothing was ticked" tone="warn" owner={owner}>
        <p>Go back and tick what the app may do, or deny it. Nothing has been granted.</p>
      </Message>,
      { status: 400 },
    );
  }
  // The page asked for it already; a page that stood open for longer than that asks once more.
  if ([...ticked].some((scope) => isScope(scope) && isOrderScope(scope))) {
    if (await needsConfirmation(owner)) return confirmFirst(c, form, "/");
  }
  const approved = await oauth.approveConsent(bound, handle);
  const scopes = requestedScopes(approved.request).filter((scope) => ticked.has(scope));
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
  const atOnce = form.get("at_once") === "yes";
  const grantId = grantOf(redirectTo);
  await owner.account.admitClient({ ...client, grantId, scopes, atOnce }, requestId(c.req.raw));
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
      request_id: requestId(c.req.raw),
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

/** Scopes that end in orders: handing one out widens what others may do, so a passkey confirms it. */
function isOrderScope(scope: Scope): boolean {
  const { tier } = SCOPES[scope];
  return tier === "paper" || tier === "live";
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
  log("warn", "oauth.refused", { request_id: requestId(c.req.raw), code });
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

/** The origin a browser is sent to by the form's answer, as a CSP source. */
function formTarget(redirectUri: string): string {
  const { origin, protocol, hostname } = new URL(redirectUri);
  // CSP has no notation for IPv6 addresses.
  return hostname.startsWith("[") ? protocol : origin;
}

function Consent(props: {
  owner: Owner;
  details: ConsentDescription;
  scopes: Scope[];
  handle: string;
}) {
  const { owner, details, scopes, handle } = props;
  const name = displayText(details.clientName);
  const host = displayText(details.redirectHost, 253);
  return (
    <Page title={`Access for ${host}`} narrow>
      <div class="head">
        <h1>
          {details.redirectIsLoopback ? (
            <>
              Give an app on <span class="mono">{host}</span> access?
            </>
          ) : (
            <>
              Give <span class="mono">{host}</span> access?
            </>
          )}
        </h1>
        <p class="lead">
          It calls itself <strong>{name}</strong>.{" "}
          {details.clientDomain === undefined
            ? "It registered itself; nobody has verified that name."
            : `Its description is published at ${displayText(details.clientDomain, 253)}.`}
        </p>
      </div>
      {details.redirectIsLoopback && (
        <div class="note warn">
          <p>
            Access goes to a program on the computer you are using now. Any program there could be
            waiting for it: continue only if you have just started this yourself.
          </p>
        </div>
      )}
      <form class="card" method="post" action="/authorize">
        <input type="hidden" name="csrf" value={owner.session.csrf} />
        <input type="hidden" name="handle" value={handle} />
        <ScopeChoices scopes={scopes} />
        {scopes.some((scope) => SCOPES[scope].tier !== "read") && (
          <fieldset>
            <legend>First hour</legend>
            <label class="choice">
              <input type="checkbox" name="at_once" value="yes" />
              <span>Let it do more than read from the first minute</span>
              <span class="hint">Otherwise a new client may only read for its first hour.</span>
            </label>
          </fieldset>
        )}
        <div class="actions">
          <button type="submit" name="decision" value="approve">
            Allow what is ticked
          </button>
          <button class="quiet" type="submit" name="decision" value="deny">
            Deny
          </button>
        </div>
        <p class="soft small">You can withdraw this at any time under Clients.</p>
      </form>
      <details class="small">
        <summary>Where the answer goes</summary>
        <dl class="facts">
          <dt>Address</dt>
          <dd class="mono">{displayText(details.redirectUri, 300)}</dd>
          <dt>Client id</dt>
          <dd class="mono">{displayText(details.clientId, 300)}</dd>
        </dl>
      </details>
    </Page>
  );
}
