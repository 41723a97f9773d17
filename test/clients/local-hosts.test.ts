import { createHash } from "node:crypto";
import * as oauth from "oauth4webapi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../scripts/lib/ports.ts";
import { pinned } from "../support/vendor-documents.ts";
import { CALLS, expectAnswers } from "./calls.ts";
import {
  authorizationAddress,
  authorize,
  discover,
  type HostClient,
  initialize,
  post,
  refresh,
  register,
  resultOf,
  use,
} from "./host.ts";
import { type Rig, startRig } from "./rig.ts";

/** Hosts on the owner's own machine: a loopback redirect, and a port of the moment. */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

const SCOPE = "ibkr:health:read ibkr:marketdata:read";

describe("Codex", () => {
  const hello = initialize("2025-06-18", "codex-mcp-client", { elicitation: {} });

  it.each(["by registration", "by its description's address"])(
    "comes %s with an id in its path, shakes hands on 2025-06-18, refreshes without resource",
    async (way) => {
      rig.wire.clear();
      const callbackId = createHash("sha256").update(rig.mcp).digest().subarray(0, 9);
      const path = `callback/${callbackId.toString("base64url")}`;
      const redirectUri = `http://127.0.0.1:${await freePort()}/${path}`;
      const { server, scopes } = await discover(rig, hello);
      const id = "https://chatgpt.com/oauth/codex/client.json";
      // The path's id is made from the gateway's address, which is another in each run.
      rig.publish(id, { ...pinned("Codex"), redirect_uris: [`http://127.0.0.1/${path}`] });
      const codex: HostClient =
        way === "by registration"
          ? await register(server, { client_name: "Codex", redirect_uris: [redirectUri] })
          : { client: { client_id: id }, auth: oauth.None() };
      const tokens = await authorize(rig, server, codex, { redirectUri, scope: scopes });
      const renewed = await refresh(server, codex, tokens.refresh_token, {});
      expect(rig.wire.tokenRequests().at(-1)?.form).not.toHaveProperty("resource");
      expect(renewed.scope).toBe(tokens.scope);

      // It gives the model structuredContent and nothing else, which is what is looked at here.
      await use(rig, renewed.access_token, hello);
    },
    30_000,
  );
});

describe("Claude Code", () => {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": { elicitation: {} },
    "io.modelcontextprotocol/clientInfo": { name: "claude-code", version: "2.1.317" },
  };
  const modern = (token: string, method: string, name?: string) => ({
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
    ...(name === undefined ? {} : { "Mcp-Name": name }),
    ...(token === "" ? {} : { Authorization: `Bearer ${token}` }),
  });
  const probe = { method: "server/discover", params: { _meta: meta } };

  it("probes 2026-07-28 first, comes by its description's address, refreshes without scope", async () => {
    const id = "https://claude.ai/oauth/claude-code-client-metadata";
    rig.publish(id, pinned("Claude Code"));
    const { server, scopes } = await discover(rig, probe);
    const code: HostClient = { client: { client_id: id }, auth: oauth.None() };
    // Any port, and either name of this machine, which are two hosts.
    for (const host of ["localhost", "127.0.0.1"]) {
      rig.wire.clear();
      const tokens = await authorize(rig, server, code, {
        redirectUri: `http://${host}:${await freePort()}/callback`,
        scope: scopes,
      });
      const renewed = await refresh(server, code, tokens.refresh_token, { resource: rig.mcp });
      expect(rig.wire.tokenRequests().at(-1)?.form).not.toHaveProperty("scope");
      expect(renewed.scope).toBe(tokens.scope);
      const token = renewed.access_token;
      const found = await resultOf(await post(rig.mcp, probe, modern(token, "server/discover")));
      expect(found).toMatchObject({ supportedVersions: ["2026-07-28"] });
      const answers: unknown[] = [];
      for (const [name, args] of CALLS) {
        const message = { method: "tools/call", params: { name, arguments: args, _meta: meta } };
        const response = await post(rig.mcp, message, modern(token, "tools/call", name));
        answers.push((await resultOf(response)).structuredContent);
      }
      expectAnswers(answers);
      expect(rig.wire.eraOfCalls()).toEqual(["2026-07-28"]);
    }
  }, 30_000);
});

describe("Cursor", () => {
  const REDIRECTS = [
    "cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback",
    "http://localhost:8787/callback",
  ];
  const hello = initialize("2025-06-18", "cursor-vscode", {
    elicitation: {},
    extensions: { "io.modelcontextprotocol/ui": {} },
  });

  it("registers its three redirects at once; the private one is refused when it is used", async () => {
    const { server } = await discover(rig, hello);
    const cursor = await register(server, { client_name: "Cursor", redirect_uris: REDIRECTS });
    expect(cursor.client.redirect_uris).toEqual(REDIRECTS);
    const [app = "", ...others] = REDIRECTS;
    for (const redirectUri of others) {
      const tokens = await authorize(rig, server, cursor, { redirectUri, scope: SCOPE });
      await use(rig, tokens.access_token, hello);
    }
    const address = await authorizationAddress(server, cursor.client, {
      redirectUri: app,
      scope: SCOPE,
      verifier: oauth.generateRandomCodeVerifier(),
      state: "s",
      mcp: rig.mcp,
    });
    const refused = await rig.owner.get(`${address.pathname}${address.search}`);
    expect([refused.status, refused.headers.get("Location")]).toEqual([400, null]);
  }, 30_000);
});

describe("VS Code", () => {
  const REDIRECTS = [
    "http://127.0.0.1:33418/",
    "http://127.0.0.1/",
    "https://vscode.dev/redirect",
    "https://insiders.vscode.dev/redirect",
  ];
  const hello = initialize("2025-11-25", "Visual Studio Code", {
    elicitation: { form: {}, url: {} },
  });

  it.each(["by registration", "by its description's address"])(
    "comes %s, on its port, on any other, and through vscode.dev",
    async (way) => {
      const { server, scopes } = await discover(rig, hello);
      const id = "https://vscode.dev/oauth/client-metadata.json";
      rig.publish(id, pinned("VS Code"));
      const code: HostClient =
        way === "by registration"
          ? await register(server, { client_name: "Visual Studio Code", redirect_uris: REDIRECTS })
          : { client: { client_id: id }, auth: oauth.None() };
      for (const redirectUri of [
        "http://127.0.0.1:33418/",
        `http://127.0.0.1:${await freePort()}/`,
        "https://vscode.dev/redirect",
        "https://insiders.vscode.dev/redirect",
      ]) {
        const tokens = await authorize(rig, server, code, { redirectUri, scope: scopes });
        await use(rig, tokens.access_token, hello);
      }
    },
    30_000,
  );
});
