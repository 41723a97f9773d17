import { createMCPClient, type OAuthClientProvider } from "@ai-sdk/mcp";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMcp, ownerOf } from "../support/access.ts";
import { ClientProcess } from "../support/client-process.ts";
import { approve } from "../support/consent.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import type { Browser } from "../support/oauth-client.ts";

/** Clients that others wrote, each doing OAuth by itself and calling tools. */
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

describe("@ai-sdk/mcp", () => {
  it("finds its way in, lists tools and calls one", async () => {
    const redirectUrl = "http://127.0.0.1:9/callback";
    const state: Record<string, unknown> = {};
    let callback = new URLSearchParams();
    const provider = {
      redirectUrl,
      clientMetadata: {
        client_name: "ai-sdk",
        redirect_uris: [redirectUrl],
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
      },
      tokens: () => state.tokens,
      saveTokens: (tokens: unknown) => {
        state.tokens = tokens;
      },
      clientInformation: () => state.client,
      saveClientInformation: (client: unknown) => {
        state.client = client;
      },
      isClientInformationDynamicallyRegistered: () => true,
      codeVerifier: () => String(state.verifier),
      saveCodeVerifier: (verifier: string) => {
        state.verifier = verifier;
      },
      authorizationServerInformation: () => state.server,
      saveAuthorizationServerInformation: (server: unknown) => {
        state.server = server;
      },
      redirectToAuthorization: async (address: URL) => {
        callback = (await approve(owner, address)).searchParams;
      },
    } as unknown as OAuthClientProvider;
    const { auth } = await import("@ai-sdk/mcp");
    const first = await auth(provider, { serverUrl: `${gateway.url}/mcp` });
    expect(first).toBe("REDIRECT");
    const second = await auth(provider, {
      serverUrl: `${gateway.url}/mcp`,
      authorizationCode: callback.get("code") ?? "",
      ...(callback.get("iss") === null ? {} : { iss: callback.get("iss") ?? "" }),
    });
    expect(second).toBe("AUTHORIZED");

    const client = await createMCPClient({
      transport: { type: "http", url: `${gateway.url}/mcp`, authProvider: provider },
    });
    try {
      const tools = await client.tools();
      expect(Object.keys(tools)).toContain("ibkr_health");
      const options = { toolCallId: "1", messages: [], context: {} };
      const result = await tools.ibkr_health?.execute?.({}, options);
      expect(JSON.stringify(result)).toContain("not_paired");
    } finally {
      await client.close();
    }
  });
});

describe("programs", () => {
  it("mcporter: signs in once, then calls tools", async () => {
    const program = await ClientProcess.create(owner);
    try {
      const target = ["--http-url", `${gateway.url}/mcp`, "--allow-http", "--name", "gateway"];
      const auth = await program.run("mcporter", ["auth", ...target]);
      expect([auth.code, auth.asked], auth.err).toEqual([0, 1]);
      const call = await program.run("mcporter", [
        "call",
        ...target,
        ...["--tool", "ibkr_health", "--output", "json"],
      ]);
      expect([call.code, call.asked], call.err).toEqual([0, 0]);
      expect(JSON.parse(call.out)).toMatchObject({ gateway: "ok" });
    } finally {
      await program.remove();
    }
  }, 90_000);

  it("Inspector CLI: says 3 without access, 0 with it, and finds no fault with the schemas", async () => {
    const program = await ClientProcess.create(owner);
    try {
      // No keychain in a test: the program keeps what it holds in a file of its home.
      const kept = { MCP_INSPECTOR_SECRET_STORE: "file" };
      const list = [
        ...["--cli", `${gateway.url}/mcp`, "--transport", "http"],
        ...["--method", "tools/list", "--format", "json"],
      ];
      const stranger = await program.run("mcp-inspector", [...list, "--stored-auth-only"]);
      expect([stranger.code, stranger.asked], stranger.err).toEqual([3, 0]);
      const signedIn = await program.run("mcp-inspector", [...list, "--strict"], {
        env: { ...kept, MCP_AUTO_OPEN_ENABLED: "true" },
      });
      expect([signedIn.code, signedIn.asked], signedIn.err).toEqual([0, 1]);
      expect(signedIn.out).toContain("ibkr_health");
      const call = await program.run(
        "mcp-inspector",
        [
          ...["--cli", `${gateway.url}/mcp`, "--transport", "http", "--stored-auth-only"],
          ...["--method", "tools/call", "--tool-name", "ibkr_health", "--format", "json"],
        ],
        { env: kept },
      );
      expect(call.code, call.err).toBe(0);
      expect(call.out).toContain("not_paired");
      const failing = await program.run(
        "mcp-inspector",
        [
          ...["--cli", `${gateway.url}/mcp`, "--transport", "http", "--stored-auth-only"],
          ...["--method", "tools/call", "--tool-name", "ibkr_accounts_list", "--format", "json"],
        ],
        { env: kept },
      );
      expect(failing.code, failing.err).toBe(5);
    } finally {
      await program.remove();
    }
  }, 120_000);

  it("mcp-remote: lets a client that knows only stdio in", async () => {
    const program = await ClientProcess.create(owner);
    try {
      const send = (message: Record<string, unknown>) =>
        `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
      const run = await program.run("mcp-remote", [`${gateway.url}/mcp`, "--allow-http"], {
        input:
          send({
            id: 1,
            method: "initialize",
            params: {
              protocolVersion: "2025-11-25",
              capabilities: {},
              clientInfo: { name: "stdio-client", version: "1" },
            },
          }) +
          send({ method: "notifications/initialized" }) +
          send({ id: 2, method: "tools/call", params: { name: "ibkr_health", arguments: {} } }),
        until: (out) => out.includes('"id":2'),
      });
      expect(run.asked, run.err).toBe(1);
      const answers = run.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(answers.find(({ id }) => id === 1)?.result.serverInfo.name).toBe("ibkr-edge-gateway");
      expect(answers.find(({ id }) => id === 2)?.result.structuredContent.gateway).toBe("ok");
    } finally {
      await program.remove();
    }
  }, 90_000);
});

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
