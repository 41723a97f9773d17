import { exportJWK, generateKeyPair } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { pinned } from "../support/vendor-documents.ts";
import {
  authorizationAddress,
  authorize,
  discover,
  type HostClient,
  initialize,
  refresh,
  register,
  use,
} from "./host.ts";
import { type Rig, startRig } from "./rig.ts";

/** Hosts that call from their maker's servers: an https redirect, a description at an address. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

const SCOPE = "ibkr:health:read ibkr:marketdata:read";
const VERSION = "2025-11-25";

describe("Claude, as hosted", () => {
  const id = "https://claude.ai/oauth/mcp-oauth-client-metadata";
  const callback = "https://claude.ai/api/mcp/auth_callback";
  const hello = initialize(VERSION, "claude-ai", {
    extensions: { "io.modelcontextprotocol/ui": {} },
  });

  it("finds the exact resource it was given, comes by its description's address and calls tools", async () => {
    const found = await discover(rig, hello);
    // It asks for offline_access wherever that is listed, and compares the resource letter by letter.
    expect(found.server.scopes_supported).not.toContain("offline_access");
    rig.publish(id, pinned("Claude, hosted"));
    const claude: HostClient = { client: { client_id: id }, auth: oauth.None() };
    const tokens = await authorize(rig, found.server, claude, {
      redirectUri: callback,
      scope: found.scopes,
    });
    await use(rig, tokens.access_token, hello);

    const renewed = await refresh(found.server, claude, tokens.refresh_token, {
      resource: rig.mcp,
    });
    await use(rig, renewed.access_token, hello);
    // What tells it to send its user through sign-in again.
    await expect(
      refresh(found.server, claude, "acct:of:nobody", { resource: rig.mcp }),
    ).rejects.toMatchObject({ error: "invalid_grant" });
  }, 30_000);

  it("registers instead when its description cannot be fetched", async () => {
    const blocked = "https://claude.ai/oauth/behind-a-challenge";
    const { server } = await discover(rig, hello);
    await expect(
      authorize(
        rig,
        server,
        { client: { client_id: blocked }, auth: oauth.None() },
        {
          redirectUri: callback,
          scope: SCOPE,
        },
      ),
    ).rejects.toThrow("the consent page answered 400");
    const claude = await register(server, {
      client_name: "Claude",
      redirect_uris: [callback, "https://claude.com/api/mcp/auth_callback"],
    });
    const tokens = await authorize(rig, server, claude, { redirectUri: callback, scope: SCOPE });
    await use(rig, tokens.access_token, hello);
  }, 30_000);
});

describe("ChatGPT", () => {
  const hello = initialize(VERSION, "openai-mcp", {});
  let key: oauth.PrivateKey;
  beforeAll(async () => {
    const pair = await generateKeyPair("RS256", { extractable: true });
    const kid = "openai-1";
    rig.publish("https://chatgpt.com/oauth/jwks.json", {
      keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: "RS256", use: "sig" }],
    });
    key = { key: pair.privateKey, kid };
  });

  it.each([
    ["its own address", "client.json", "connector_platform_oauth_redirect"],
    ["one for each connector", "cb_7f3a/client.json", "connector/oauth/cb_7f3a"],
  ])(
    "proves itself with a signed assertion, under %s",
    async (_, path, redirect) => {
      const id = `https://chatgpt.com/oauth/${path}`;
      const redirectUri = `https://chatgpt.com/${redirect}`;
      const { server } = await discover(rig, hello);
      expect(server.token_endpoint_auth_methods_supported).toContain("private_key_jwt");
      expect(server.authorization_response_iss_parameter_supported).toBe(true);
      rig.publish(id, pinned(path === "client.json" ? "ChatGPT" : "ChatGPT, one connector"));
      const chatgpt: HostClient = {
        client: { client_id: id },
        auth: oauth.PrivateKeyJwt(key),
      };
      const tokens = await authorize(rig, server, chatgpt, { redirectUri, scope: SCOPE });
      await use(rig, tokens.access_token, hello);
      // A new assertion each time: the one for the code may not be used again.
      const renewed = await refresh(server, chatgpt, tokens.refresh_token, { resource: rig.mcp });
      await use(rig, renewed.access_token, hello);
      await expect(
        refresh(server, { client: chatgpt.client, auth: oauth.None() }, renewed.refresh_token, {}),
      ).rejects.toMatchObject({ error: "invalid_client" });
    },
    30_000,
  );

  it("gets iss with a refusal too", async () => {
    const id = "https://chatgpt.com/oauth/client.json";
    const { server } = await discover(rig, hello);
    const state = oauth.generateRandomState();
    const address = await authorizationAddress(
      server,
      { client_id: id },
      {
        redirectUri: "https://chatgpt.com/connector_platform_oauth_redirect",
        scope: SCOPE,
        verifier: oauth.generateRandomCodeVerifier(),
        state,
        mcp: rig.mcp,
      },
    );
    const page = await (await rig.owner.get(`${address.pathname}${address.search}`)).text();
    const { csrf = "", handle = "" } = formFields(page.slice(page.indexOf('action="/authorize"')));
    const answer = await rig.owner.post("/authorize", { csrf, handle, decision: "deny" });
    const back = new URL(answer.headers.get("Location") ?? "");
    expect(back.searchParams.get("iss")).toBe(server.issuer);
    expect(() => oauth.validateAuthResponse(server, { client_id: id }, back, state)).toThrow(
      expect.objectContaining({ error: "access_denied" }),
    );
  });

  it("may ask for offline_access, which is left out, and gets a refresh token all the same", async () => {
    const redirectUri = "https://chatgpt.com/connector/oauth/registered";
    const { server } = await discover(rig, hello);
    const chatgpt = await register(server, {
      client_name: "ChatGPT",
      redirect_uris: [redirectUri],
    });
    const tokens = await authorize(rig, server, chatgpt, {
      redirectUri,
      scope: `${SCOPE} offline_access`,
    });
    expect(tokens.scope).toBe(SCOPE);
    const renewed = await refresh(server, chatgpt, tokens.refresh_token, { resource: rig.mcp });
    await use(rig, renewed.access_token, hello);
  }, 30_000);
});
