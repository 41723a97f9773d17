import * as oauth from "oauth4webapi";
import type { Browser } from "./browser.ts";
import { checkboxes, formFields } from "./html-forms.ts";

/** The token is wrong, or signs in no more because its owner has a passkey. */
export class OwnerTokenRefused extends Error {
  override readonly name = "OwnerTokenRefused";

  constructor(status: number) {
    super(`the owner token was refused (${status})`);
  }
}

/** Signs the owner in with the token; the browser then holds the session's cookie. */
export async function signIn(browser: Browser, ownerToken: string): Promise<void> {
  const page = await browser.get("/sign-in");
  if (page.status !== 200) throw new Error(`the sign-in page answered ${page.status}`);
  const fields = formFields(await page.text());
  const answer = await browser.post("/sign-in", { ...fields, token: ownerToken });
  if (answer.status !== 303) throw new OwnerTokenRefused(answer.status);
}

export type RegisteredClient = { client_id: string; client_secret?: string };

/**
 * Registers a client (RFC 7591); public with one loopback redirect unless told otherwise. Throws what
 * oauth4webapi does where it is refused.
 */
export async function registerClient(
  gatewayUrl: string,
  metadata: Record<string, unknown> = {},
): Promise<RegisteredClient> {
  const response = await oauth.dynamicClientRegistrationRequest(
    serverAt(gatewayUrl),
    {
      client_name: "Edge Gateway script",
      redirect_uris: ["http://127.0.0.1:9/callback"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      application_type: "native",
      ...metadata,
    },
    OVER_LOOPBACK,
  );
  const { client_id, client_secret } =
    await oauth.processDynamicClientRegistrationResponse(response);
  return { client_id, ...(typeof client_secret === "string" ? { client_secret } : {}) };
}

/** A gateway of `npm start` or of a test is reached by plain http, on this machine alone. */
const OVER_LOOPBACK = { [oauth.allowInsecureRequests]: true };

/** The authorization server as RFC 8414 describes it; a test of its own holds the document to that. */
function serverAt(gatewayUrl: string): oauth.AuthorizationServer {
  const { origin } = new URL(gatewayUrl);
  return {
    issuer: origin,
    registration_endpoint: `${origin}/register`,
    token_endpoint: `${origin}/token`,
    authorization_response_iss_parameter_supported: true,
  };
}

export interface AuthorizationOptions {
  clientId: string;
  redirectUri: string;
  scope: string;
  resource?: string;
  state?: string;
  /** Scopes to tick one by one; everything that was asked for by default. */
  tick?: (asked: string[]) => string[];
  /** One of the page's choices instead. */
  choice?: string;
}

export interface AuthorizationAnswer {
  /** The query of the redirect back to the client: code, state, iss, or error. */
  query: URLSearchParams;
  redirect: URL;
  verifier: string;
}

/** Runs consent as the signed-in owner, and stops at the redirect to the client. */
export async function authorize(
  browser: Browser,
  options: AuthorizationOptions,
): Promise<AuthorizationAnswer> {
  const verifier = oauth.generateRandomCodeVerifier();
  const query = new URLSearchParams({
    response_type: "code",
    client_id: options.clientId,
    redirect_uri: options.redirectUri,
    scope: options.scope,
    state: options.state ?? oauth.generateRandomState(),
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    resource: options.resource ?? `${browser.origin}/mcp`,
  });
  const page = await browser.get(`/authorize?${query}`);
  // A passkey has to confirm this session first, and there is none here.
  if (page.status === 303) throw new OwnerTokenRefused(page.status);
  if (page.status !== 200) throw new Error(`the consent page answered ${page.status}`);
  const html = await page.text();
  const asked = options.scope.split(" ");
  const offered = checkboxes(html, "scope").map((box) => box.value);
  const wanted = options.tick?.(asked) ?? asked;
  const ticked = options.choice === undefined ? offered.filter((one) => wanted.includes(one)) : [];
  const { csrf = "", handle = "" } = formFields(html.slice(html.indexOf('action="/authorize"')));
  const answer = await browser.post("/authorize", [
    ["csrf", csrf],
    ["handle", handle],
    ["decision", "approve"],
    ["choice", options.choice ?? "each"],
    ...ticked.map((scope): [string, string] => ["scope", scope]),
  ]);
  const location = answer.headers.get("Location");
  // A path of its own is the page that asks for a passkey.
  if (answer.status !== 303 || location === null || location.startsWith("/")) {
    throw new Error(`the consent form answered ${answer.status}`);
  }
  const redirect = new URL(location);
  return { query: redirect.searchParams, redirect, verifier };
}

export interface Tokens {
  access_token: string;
  refresh_token?: string;
  scope: string;
  expires_in: number;
}

/** One request to the token endpoint; the answer's status is the caller's to judge. */
export function tokenRequest(
  gatewayUrl: string,
  fields: Record<string, string>,
): Promise<Response> {
  return fetch(new URL("/token", gatewayUrl), {
    method: "POST",
    body: new URLSearchParams(fields),
  });
}

export interface OAuthConnection {
  clientId: string;
  redirectUri: string;
  tokens: Tokens;
}

/**
 * The whole way of a real client: registration, PKCE, consent by the owner, code, token. The
 * browser must be signed in.
 */
export async function connect(
  browser: Browser,
  options: { scope: string; clientName?: string; redirectUri?: string; choice?: string },
): Promise<OAuthConnection> {
  const redirectUri = options.redirectUri ?? "http://127.0.0.1:9/callback";
  const client = await registerClient(browser.origin, {
    redirect_uris: [redirectUri],
    ...(options.clientName === undefined ? {} : { client_name: options.clientName }),
  });
  const state = oauth.generateRandomState();
  const { query, verifier } = await authorize(browser, {
    clientId: client.client_id,
    redirectUri,
    scope: options.scope,
    state,
    ...(options.choice === undefined ? {} : { choice: options.choice }),
  });
  const server = serverAt(browser.origin);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    oauth.validateAuthResponse(server, client, query, state),
    redirectUri,
    verifier,
    { ...OVER_LOOPBACK, additionalParameters: { resource: `${browser.origin}/mcp` } },
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response);
  const { access_token, refresh_token, scope, expires_in = 0 } = tokens;
  if (scope === undefined) throw new Error("the token endpoint named no scope");
  return {
    clientId: client.client_id,
    redirectUri,
    tokens: {
      access_token,
      scope,
      expires_in,
      ...(refresh_token === undefined ? {} : { refresh_token }),
    },
  };
}
