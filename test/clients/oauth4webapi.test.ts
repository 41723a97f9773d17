import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMcp, ownerOf } from "../support/access.ts";
import { approve } from "../support/consent.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import type { Browser } from "../support/oauth-client.ts";

/** A library that holds every answer to its RFC and forgives nothing, against the Worker alone. */
const CIMD = "https://client.example/oauth/metadata.json";
const CIMD_CALLBACK = "https://client.example/callback";

let gateway: Gateway;
let owner: Browser;
beforeAll(async () => {
  gateway = await startGateway({
    rateLimits: { SIGN_IN_LIMIT: 1000, REGISTER_LIMIT: 1000 },
    outbound: async (request) =>
      request.url === CIMD
        ? Response.json({
            client_id: CIMD,
            client_name: "oauth4webapi",
            redirect_uris: [CIMD_CALLBACK],
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
            token_endpoint_auth_method: "none",
          })
        : new Response(null, { status: 404 }),
  });
  owner = await ownerOf(gateway);
});
afterAll(() => gateway.close());

describe("oauth4webapi, which checks every answer against its RFC", () => {
  const insecure = { [oauth.allowInsecureRequests]: true };

  async function discover() {
    const resource = new URL(`${gateway.url}/mcp`);
    const found = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, insecure),
    );
    const issuer = new URL(found.authorization_servers?.[0] ?? "");
    return oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" }),
    );
  }

  async function flow(client: oauth.Client, auth: oauth.ClientAuth, redirectUri: string) {
    const server = await discover();
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const address = new URL(server.authorization_endpoint ?? "");
    for (const [name, value] of Object.entries({
      client_id: client.client_id,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "ibkr:health:read",
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      resource: `${gateway.url}/mcp`,
      state,
    })) {
      address.searchParams.set(name, value);
    }
    const callback = oauth.validateAuthResponse(
      server,
      client,
      (await approve(owner, address)).searchParams,
      state,
    );
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        auth,
        callback,
        redirectUri,
        verifier,
        {
          ...insecure,
          additionalParameters: { resource: `${gateway.url}/mcp` },
        },
      ),
    );
    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        server,
        client,
        auth,
        tokens.refresh_token ?? "",
        insecure,
      ),
    );
    const used = await callMcp(gateway, { Authorization: `Bearer ${refreshed.access_token}` });
    expect(used.status).toBe(200);
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, auth, refreshed.access_token, insecure),
    );
    const dead = await callMcp(gateway, { Authorization: `Bearer ${refreshed.access_token}` });
    expect(dead.status).toBe(401);
    return server;
  }

  it("by registration, without a secret and with one", async () => {
    const server = await discover();
    for (const [method, redirect] of [
      ["none", "http://127.0.0.1:9/callback"],
      ["client_secret_basic", "https://confidential.example/callback"],
      ["client_secret_post", "https://confidential.example/callback"],
    ] as const) {
      const client = await oauth.processDynamicClientRegistrationResponse(
        await oauth.dynamicClientRegistrationRequest(
          server,
          {
            client_name: "oauth4webapi",
            redirect_uris: [redirect],
            token_endpoint_auth_method: method,
            grant_types: ["authorization_code", "refresh_token"],
          },
          insecure,
        ),
      );
      const secret = String(client.client_secret ?? "");
      const auth =
        method === "none"
          ? oauth.None()
          : method === "client_secret_basic"
            ? oauth.ClientSecretBasic(secret)
            : oauth.ClientSecretPost(secret);
      await flow(client, auth, redirect);
    }
  });

  it("by the address of its own description", async () => {
    await flow({ client_id: CIMD }, oauth.None(), CIMD_CALLBACK);
  });
});
