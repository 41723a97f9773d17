import { auth, createMCPClient, type OAuthClientProvider } from "@ai-sdk/mcp";
import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TOOLS } from "../../src/mcp/catalogue.ts";
import { allowAt, approve } from "../support/consent.ts";
import { CALLS, expectAnswers, expectPreviewed, linkIn, PREVIEW, REFUSED } from "./calls.ts";
import { expireAccessTokens, type Rig, startRig } from "./rig.ts";

/** Vercel's client: a second implementation of the protocol and of OAuth, not built on the SDK. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

type Stored<Method extends "tokens" | "clientInformation" | "authorizationServerInformation"> =
  Awaited<ReturnType<NonNullable<OAuthClientProvider[Method]>>>;

/** An application around the library: it keeps what it is given, and its user is the owner. */
class Application implements OAuthClientProvider {
  readonly redirectUrl = "http://127.0.0.1:9/callback";
  readonly clientMetadata = {
    client_name: "AI SDK application",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  #tokens: Stored<"tokens">;
  #client: Stored<"clientInformation">;
  #server: Stored<"authorizationServerInformation">;
  #verifier = "";
  #state = "";
  /** Where its user was sent, and what came back. */
  asked: URL[] = [];
  /** What he chooses there. */
  choice = "read";
  callback = new URLSearchParams();

  tokens() {
    return this.#tokens;
  }
  saveTokens(tokens: Stored<"tokens">) {
    this.#tokens = tokens;
  }
  clientInformation() {
    return this.#client;
  }
  saveClientInformation(client: Stored<"clientInformation">) {
    this.#client = client;
  }
  isClientInformationDynamicallyRegistered() {
    return true;
  }
  authorizationServerInformation() {
    return this.#server;
  }
  saveAuthorizationServerInformation(server: Stored<"authorizationServerInformation">) {
    this.#server = server;
  }
  codeVerifier() {
    return this.#verifier;
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier;
  }
  state() {
    return crypto.randomUUID();
  }
  saveState(state: string) {
    this.#state = state;
  }
  storedState() {
    return this.#state;
  }
  async redirectToAuthorization(address: URL) {
    this.asked.push(address);
    this.callback = (await approve(rig.owner, address, this.choice)).searchParams;
  }

  /** What its callback page does. */
  finish() {
    return auth(this, {
      serverUrl: rig.mcp,
      authorizationCode: this.callback.get("code") ?? "",
      callbackState: this.callback.get("state") ?? "",
      callbackIssuer: this.callback.get("iss") ?? "",
    });
  }
}

const open = (authProvider: Application, protocolVersionDiscovery: boolean) =>
  createMCPClient({
    transport: { type: "http", url: rig.mcp, authProvider },
    protocolVersionDiscovery,
  });

describe.each([
  { era: "2026-07-28", discovery: true },
  { era: "2025-11-25", discovery: false },
])("@ai-sdk/mcp, $era", ({ era, discovery }) => {
  const application = new Application();

  it("is sent to the owner, checks who answers, and calls tools down to the broker", async () => {
    rig.wire.clear();
    await expect(open(application, discovery)).rejects.toThrow();
    expect(await application.finish()).toBe("AUTHORIZED");
    expect(application.callback.get("iss")).toBe(rig.gateway.url);
    expect(rig.wire.registrations().length).toBe(1);
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "authorization_code", resource: rig.mcp }, status: 200 },
    ]);
    expect(rig.wire.authorizations()).toMatchObject([{ scope: BASELINE_SCOPES.join(" ") }]);

    const client = await open(application, discovery);
    try {
      const { tools } = await client.listTools();
      const granted = TOOLS.filter(
        ({ scope }) => scope === null || BASELINE_SCOPES.includes(scope),
      );
      expect(tools.map(({ name }) => name)).toEqual(granted.map(({ name }) => name));
      const answers: unknown[] = [];
      for (const [tool, args] of CALLS) {
        const result = await client.callTool({ name: tool, arguments: args });
        answers.push("structuredContent" in result ? result.structuredContent : null);
      }
      expectAnswers(answers);
      expect(await client.callTool({ name: REFUSED.tool, arguments: REFUSED.args })).toMatchObject({
        isError: true,
        structuredContent: { code: REFUSED.code },
      });
    } finally {
      await client.close();
    }
    expect(rig.wire.eraOfCalls()).toEqual([era]);
    expect(rig.wire.handshake()).toEqual(discovery ? null : { asked: era, agreed: era });
  }, 30_000);

  it("refreshes by itself, hands the 403 with the link to its application, and calls once that was followed", async () => {
    await expireAccessTokens(rig);
    rig.wire.clear();
    const client = await open(application, discovery);
    try {
      expect(await client.callTool({ name: "ibkr_health", arguments: {} })).toMatchObject({
        structuredContent: { sidecar: "online" },
      });
      expect(rig.wire.tokenRequests()).toMatchObject([
        { form: { grant_type: "refresh_token" }, status: 200 },
      ]);
      expect(rig.wire.eraOfCalls()).toEqual([era]);
      expect(application.asked.length).toBe(1);
      const preview = { name: PREVIEW.tool, arguments: PREVIEW.args };
      const refused: unknown = await client.callTool(preview).catch((error: unknown) => error);
      expect(refused).toMatchObject({
        statusCode: 403,
        responseBody: expect.stringContaining(PREVIEW.scope),
      });
      // Asked again, as a model does, it has an answer that the model can show.
      const shown = await client.callTool(preview);
      expect(shown).toMatchObject({
        isError: true,
        structuredContent: { code: "AUTH_MISSING_SCOPE" },
      });
      rig.wire.clear();
      await allowAt(rig.owner, linkIn(JSON.stringify(shown)), "prepare");
      const result = await client.callTool(preview);
      expectPreviewed("structuredContent" in result ? result.structuredContent : null);
      expect([rig.wire.tokenRequests(), application.asked.length]).toEqual([[], 1]);
    } finally {
      await client.close();
    }
  }, 30_000);

  it("prepares orders from its first call, where that was chosen on the consent page", async () => {
    const other = new Application();
    other.choice = "paper";
    await expect(open(other, discovery)).rejects.toThrow();
    expect(await other.finish()).toBe("AUTHORIZED");
    const client = await open(other, discovery);
    try {
      const result = await client.callTool({ name: PREVIEW.tool, arguments: PREVIEW.args });
      expectPreviewed("structuredContent" in result ? result.structuredContent : null);
    } finally {
      await client.close();
    }
  }, 30_000);
});
