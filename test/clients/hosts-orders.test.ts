import { choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { exportJWK, generateKeyPair } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../scripts/lib/ports.ts";
import { allowAt } from "../support/consent.ts";
import { pinned } from "../support/vendor-documents.ts";
import { expectPreviewed, linkIn, PREVIEW } from "./calls.ts";
import { authorize, callOf, discover, type HostClient, initialize, register, use } from "./host.ts";
import { type Rig, startRig } from "./rig.ts";

/**
 * How each host comes to an order tool with no scope given to it: it asks for what the 401 names.
 * Requests as documented or reported, where and when stands beside each; no host was asked itself.
 */
let rig: Rig;
let chatGptKey: oauth.PrivateKey;
beforeAll(async () => {
  rig = await startRig();
  const pair = await generateKeyPair("RS256", { extractable: true });
  const kid = "openai-1";
  rig.publish("https://chatgpt.com/oauth/jwks.json", {
    keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: "RS256", use: "sig" }],
  });
  chatGptKey = { key: pair.privateKey, kid };
}, 60_000);
afterAll(() => rig?.close(), 30_000);

interface Host {
  name: string;
  /** Where its requests are described, and of when. */
  source: string;
  hello: ReturnType<typeof initialize>;
  redirect(): Promise<string>;
  /** Its client: described at an address, or registered. */
  come(server: oauth.AuthorizationServer, redirectUri: string): Promise<HostClient>;
}

const described = (name: string, id: string, auth = oauth.None()) => {
  rig.publish(id, pinned(name));
  return { client: { client_id: id }, auth };
};

const HOSTS: Host[] = [
  {
    name: "Claude",
    source: "claude.com/docs connectors, 2026-11; the client's document, 2026-09-29",
    hello: initialize("2025-11-25", "claude-ai", {
      extensions: { "io.modelcontextprotocol/ui": {} },
    }),
    redirect: async () => "https://claude.ai/api/mcp/auth_callback",
    come: async () =>
      described("Claude, hosted", "https://claude.ai/oauth/mcp-oauth-client-metadata"),
  },
  {
    name: "ChatGPT",
    source: "developers.openai.com apps, 2026-11",
    hello: initialize("2025-11-25", "openai-mcp", {}),
    redirect: async () => "https://chatgpt.com/connector_platform_oauth_redirect",
    come: async () =>
      described(
        "ChatGPT",
        "https://chatgpt.com/oauth/client.json",
        oauth.PrivateKeyJwt(chatGptKey),
      ),
  },
  {
    name: "Cursor",
    source: "Cursor's forum 160328, gamedevpl#483, 2026",
    hello: initialize("2025-06-18", "cursor-vscode", { elicitation: {} }),
    redirect: async () => "http://localhost:8787/callback",
    come: (server, redirectUri) =>
      register(server, {
        client_name: "Cursor",
        redirect_uris: [
          "cursor://anysphere.cursor-mcp/oauth/callback",
          "https://www.cursor.com/agents/mcp/oauth/callback",
          redirectUri,
        ],
      }),
  },
  {
    name: "VS Code",
    source: "code.visualstudio.com, 2026-11; microsoft/vscode#278512",
    hello: initialize("2025-11-25", "Visual Studio Code", { elicitation: { form: {}, url: {} } }),
    redirect: async () => `http://127.0.0.1:${await freePort()}/`,
    come: async () => described("VS Code", "https://vscode.dev/oauth/client-metadata.json"),
  },
  {
    name: "Codex",
    source: "openai/codex#30460 and #33403, 2026; codex-cli 0.165",
    hello: initialize("2025-06-18", "codex-mcp-client", { elicitation: {} }),
    redirect: async () => `http://127.0.0.1:${await freePort()}/callback/abc`,
    come: (server, redirectUri) =>
      register(server, { client_name: "Codex", redirect_uris: [redirectUri] }),
  },
];

/** Signs in with what the 401 names, and with this choice of the owner's. */
async function signedIn(host: Host, choice: string) {
  const { server, scopes } = await discover(rig, host.hello);
  expect(scopes.split(" ")).toEqual(BASELINE_SCOPES);
  const redirectUri = await host.redirect();
  const client = await host.come(server, redirectUri);
  return authorize(rig, server, client, { redirectUri, scope: scopes, choice });
}

describe.each(HOSTS)("$name", (host) => {
  const call = (token: string, tool: string, args: Record<string, unknown> = {}) =>
    callOf(rig, token, host.hello.params.protocolVersion, tool, args);

  it("reads, is told where its owner allows an order tool, and calls it with the same token", async () => {
    const { access_token: token, scope } = await signedIn(host, "read");
    expect(scope?.split(" ")).toEqual(BASELINE_SCOPES);
    await use(rig, token, host.hello);

    const challenged = await call(token, PREVIEW.tool, PREVIEW.args);
    expect(challenged.status).toBe(403);
    expect(challenged.challenge).toContain(PREVIEW.scope);
    // What it then does is not documented; asked by its model again, it has an answer to show.
    const shown = await call(token, PREVIEW.tool, PREVIEW.args);
    expect([shown.status, shown.text]).toEqual([200, expect.stringContaining("isError")]);
    const link = linkIn(shown.text);
    expect(linkIn((await call(token, "ibkr_access_request")).text).href).toBe(link.href);
    await allowAt(rig.owner, link, "prepare");
    expectPreviewed((await call(token, PREVIEW.tool, PREVIEW.args)).contents);
  }, 60_000);

  it("may prepare and place from its first call, where that was chosen on the consent page", async () => {
    const { access_token: token, scope } = await signedIn(host, "paper");
    // RFC 6749 §3.3: more than was asked, so the answer names it.
    expect(scope?.split(" ")).toEqual(choiceNamed("paper")?.scopes);
    expectPreviewed((await call(token, PREVIEW.tool, PREVIEW.args)).contents);
  }, 60_000);
});
