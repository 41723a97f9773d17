import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { allowAt } from "../support/consent.ts";
import { CALLS, expectAnswers, expectPreviewed, linkIn, PREVIEW, REFUSED } from "./calls.ts";
import { programEnv } from "./program.ts";
import { expireAccessTokens, type Rig, startRig } from "./rig.ts";

/**
 * mcp-remote between a host that knows only stdio and the gateway. It listens on and talks to
 * loopback alone here.
 */
let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
}, 60_000);
afterAll(() => rig?.close(), 30_000);

/** A host that starts the bridge as its server; the bridge's complaints for when it fails. */
async function host(home: string, ...args: string[]) {
  const client = new Client({ name: "stdio-host", version: "1" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fromRoot("node_modules/mcp-remote/dist/proxy.js"), rig.mcp, ...args],
    env: { ...programEnv(home, rig.person), MCP_REMOTE_CONFIG_DIR: `${home}/auth` },
    stderr: "pipe",
  });
  let said = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  try {
    await client.connect(transport);
  } catch (error) {
    throw new Error(`the bridge said:\n${said}`, { cause: error });
  }
  return client;
}
const contents = async (client: Client, tool: string, args: Record<string, unknown>) =>
  (await client.callTool({ name: tool, arguments: args })).structuredContent;

describe("mcp-remote", () => {
  // The port is part of the registration that the second run takes up again.
  let home: string;
  let port: string;
  beforeAll(async () => {
    home = await rig.home();
    port = String(await freePort());
  });

  it("registers, signs in through the browser and carries calls by initialize", async () => {
    const client = await host(home, port);
    try {
      const answers: unknown[] = [];
      for (const [tool, args] of CALLS) answers.push(await contents(client, tool, args));
      expectAnswers(answers);
      const refused = await client.callTool({ name: REFUSED.tool, arguments: REFUSED.args });
      expect(refused).toMatchObject({ isError: true, structuredContent: { code: REFUSED.code } });
    } finally {
      await client.close();
    }
    expect(rig.person.failures).toEqual([]);
    expect(rig.person.opened.length).toBe(1);
    expect(rig.wire.registrations().length).toBe(1);
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "authorization_code", resource: rig.mcp }, status: 200 },
    ]);
    expect(rig.wire.handshake()).toEqual({ asked: "2025-11-25", agreed: "2025-11-25" });
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);
  }, 60_000);

  it("refreshes by itself when it is started again later", async () => {
    await expireAccessTokens(rig);
    rig.wire.clear();
    const client = await host(home, port);
    try {
      expect(await contents(client, "ibkr_health", {})).toMatchObject({ sidecar: "online" });
    } finally {
      await client.close();
    }
    expect(rig.wire.tokenRequests()).toMatchObject([
      { form: { grant_type: "refresh_token" }, status: 200 },
    ]);
    expect(rig.wire.eraOfCalls()).toEqual(["2025-11-25"]);
    expect(rig.person.opened.length).toBe(1);
  }, 60_000);

  it("prepares orders once its owner allowed it at the link, with no browser opened for it", async () => {
    const client = await host(home, port);
    const opened = rig.person.opened.length;
    try {
      const asked = await client.callTool({ name: "ibkr_access_request", arguments: {} });
      await allowAt(rig.owner, linkIn(JSON.stringify(asked)), "prepare");
      expectPreviewed(await contents(client, PREVIEW.tool, PREVIEW.args));
    } finally {
      await client.close();
    }
    expect(rig.person.opened.length).toBe(opened);
  }, 60_000);

  it("prepares orders from its first call, where that was chosen on the consent page", async () => {
    rig.person.choice = "paper";
    const client = await host(await rig.home());
    try {
      expectPreviewed(await contents(client, PREVIEW.tool, PREVIEW.args));
    } finally {
      rig.person.choice = "read";
      await client.close();
    }
  }, 60_000);

  it("comes with the address of its own description under 2026-07-28, and steps up in mid-session", async () => {
    const id = "https://bridge.example/client.json";
    rig.publish(id, {
      client_id: id,
      client_name: "mcp-remote",
      redirect_uris: ["http://localhost/oauth/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    });
    rig.wire.clear();
    const before = rig.person.opened.length;
    const client = await host(
      await rig.home(),
      ...[port, "--protocol", "auto", "--client-metadata-url", id],
    );
    try {
      const answers: unknown[] = [];
      for (const [tool, args] of CALLS) answers.push(await contents(client, tool, args));
      expectAnswers(answers);
      rig.person.choice = "prepare";
      expectPreviewed(await contents(client, PREVIEW.tool, PREVIEW.args));
    } finally {
      rig.person.choice = "read";
      await client.close();
    }
    expect([rig.person.opened.length - before, rig.person.failures]).toEqual([2, []]);
    // The step-up asks for what it had and what it lacks, in one question.
    const asked = rig.wire.authorizations().map(({ scope }) => scope);
    const [first = "", second = ""] = asked.map((scope) => scope?.split(" ").sort());
    expect(first).toEqual([...BASELINE_SCOPES].sort());
    expect(second).toEqual([...BASELINE_SCOPES, PREVIEW.scope].sort());
    expect(rig.wire.registrations()).toEqual([]);
    expect(rig.wire.handshake()).toBeNull();
    expect(rig.wire.eraOfCalls()).toEqual(["2026-07-28"]);
  }, 60_000);
});
