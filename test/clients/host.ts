import * as oauth from "oauth4webapi";
import { expect } from "vitest";
import * as z from "zod";
import { approve } from "../support/consent.ts";
import { CALLS, expectAnswers } from "./calls.ts";
import type { Rig } from "./rig.ts";

/**
 * A host as its documents, its traffic and its users' threads describe it: which registration, which
 * redirects, which handshake, what it leaves out. oauth4webapi does the OAuth, so every answer is
 * held to its RFC. That the real host does the same is not proved here.
 */
export interface HostClient {
  client: oauth.Client;
  auth: oauth.ClientAuth;
}

/** The gateway is on loopback here, where OAuth may go without TLS. */
const loopback = { [oauth.allowInsecureRequests]: true };
/** What the hosts give an OAuth request before they give up. */
const HOST_PATIENCE_MS = 10_000;

/**
 * From nothing but the typed address: the challenge, the resource's metadata where the challenge
 * says, the first authorization server's metadata.
 */
export async function discover({ mcp }: Rig, firstMessage: object) {
  const refused = await post(mcp, firstMessage, {});
  expect(refused.status).toBe(401);
  const challenge = refused.headers.get("WWW-Authenticate") ?? "";
  const address = new URL(mcp);
  const response = await oauth.resourceDiscoveryRequest(address, loopback);
  expect(challenge).toContain(`resource_metadata="${response.url}"`);
  const resource = await oauth.processResourceDiscoveryResponse(address, response);
  expect(resource.resource).toBe(mcp);
  const issuer = new URL(resource.authorization_servers?.[0] ?? "");
  const server = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...loopback, algorithm: "oauth2" }),
  );
  expect(server.code_challenge_methods_supported).toEqual(["S256"]);
  expect(server.token_endpoint_auth_methods_supported).toContain("none");
  return { server, scopes: /scope="([^"]*)"/.exec(challenge)?.[1] ?? "" };
}

/** Registers as the host does (RFC 7591). */
export async function register(
  server: oauth.AuthorizationServer,
  metadata: Partial<oauth.OmitSymbolProperties<oauth.Client>>,
): Promise<HostClient> {
  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(
      server,
      {
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
        ...metadata,
      },
      { ...loopback, signal: patience },
    ),
  );
  return { client, auth: oauth.None() };
}

const patience = () => AbortSignal.timeout(HOST_PATIENCE_MS);

/** The owner approves; the tokens for the code. `resource` goes with both requests (RFC 8707). */
export async function authorize(
  { owner, mcp }: Rig,
  server: oauth.AuthorizationServer,
  { client, auth }: HostClient,
  asked: { redirectUri: string; scope: string; choice?: string },
): Promise<oauth.TokenEndpointResponse> {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const address = await authorizationAddress(server, client, { ...asked, verifier, state, mcp });
  const back = await approve(owner, address, asked.choice);
  expect(`${back.origin}${back.pathname}`).toBe(
    asked.redirectUri.endsWith("/") ? `${back.origin}/` : asked.redirectUri,
  );
  // Checks `state`, and `iss` against the issuer, because the metadata announces it (RFC 9207).
  const callback = oauth.validateAuthResponse(server, client, back, state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    auth,
    callback,
    asked.redirectUri,
    verifier,
    { ...loopback, signal: patience, additionalParameters: { resource: mcp } },
  );
  expect(response.headers.get("Cache-Control")).toContain("no-store");
  return oauth.processAuthorizationCodeResponse(server, client, response);
}

/** Where the host sends its user. */
export async function authorizationAddress(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  asked: { redirectUri: string; scope: string; verifier: string; state: string; mcp: string },
): Promise<URL> {
  const address = new URL(server.authorization_endpoint ?? "");
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: client.client_id,
    redirect_uri: asked.redirectUri,
    scope: asked.scope,
    state: asked.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(asked.verifier),
    code_challenge_method: "S256",
    resource: asked.mcp,
  })) {
    address.searchParams.set(name, value);
  }
  return address;
}

/** Refreshes with exactly these extra parameters: hosts differ in what they leave out. */
export async function refresh(
  server: oauth.AuthorizationServer,
  { client, auth }: HostClient,
  token: string | undefined,
  additionalParameters: Record<string, string>,
): Promise<oauth.TokenEndpointResponse> {
  return oauth.processRefreshTokenResponse(
    server,
    client,
    await oauth.refreshTokenGrantRequest(server, client, auth, token ?? "", {
      ...loopback,
      signal: patience,
      additionalParameters,
    }),
  );
}

/** One message to the endpoint, as the host frames it. */
export function post(
  mcp: string,
  message: object,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(mcp, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, ...message }),
    redirect: "error",
  });
}

const Answer = z.object({ result: z.record(z.string(), z.unknown()) });

/** The result of a message that must succeed, from JSON or from a stream of one event. */
export async function resultOf(response: Response) {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return Answer.parse(JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text)).result;
}

export const initialize = (protocolVersion: string, name: string, capabilities: object) => ({
  method: "initialize",
  params: { protocolVersion, capabilities, clientInfo: { name, version: "1" } },
});

/** A tool call of the era with a handshake. */
async function callAfterHandshake(
  { mcp }: Rig,
  token: string,
  version: string,
  tool: string,
  args: Record<string, unknown>,
): Promise<unknown> {
  const response = await post(
    mcp,
    { method: "tools/call", params: { name: tool, arguments: args } },
    { Authorization: `Bearer ${token}`, "MCP-Protocol-Version": version },
  );
  return (await resultOf(response)).structuredContent;
}

/** The same for a call that may be refused: status, challenge, text, and contents where there are any. */
export async function callOf(
  { mcp }: Rig,
  token: string,
  version: string,
  tool: string,
  args: Record<string, unknown>,
) {
  const response = await post(
    mcp,
    { method: "tools/call", params: { name: tool, arguments: args } },
    { Authorization: `Bearer ${token}`, "MCP-Protocol-Version": version },
  );
  const { status, headers } = response;
  const text = await response.clone().text();
  return {
    status,
    challenge: headers.get("WWW-Authenticate") ?? "",
    text,
    contents: status === 200 ? (await resultOf(response)).structuredContent : null,
  };
}

/** What a host of the era with a handshake does with its token: shake hands, list, call. */
export async function use(
  rig: Rig,
  token: string,
  hello: ReturnType<typeof initialize>,
): Promise<void> {
  const version = hello.params.protocolVersion;
  const bearer = { Authorization: `Bearer ${token}` };
  const agreed = await resultOf(await post(rig.mcp, hello, bearer));
  expect(agreed).toMatchObject({ protocolVersion: version });
  const listed = await resultOf(
    await post(rig.mcp, { method: "tools/list" }, { ...bearer, "MCP-Protocol-Version": version }),
  );
  // Hosts ask their user before whatever is not said to read only.
  expect(listed.tools).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ annotations: expect.objectContaining({ readOnlyHint: true }) }),
    ]),
  );
  const answers: unknown[] = [];
  for (const [tool, args] of CALLS) {
    answers.push(await callAfterHandshake(rig, token, version, tool, args));
  }
  expectAnswers(answers);
}
