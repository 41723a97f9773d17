import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "../../scripts/lib/oauth-client.ts";
import { type Rig, startRig } from "./rig.ts";

/** `ibkr mcp serve` as hosts start it, with the official SDKs of both eras on its stdin. */
const SCOPE = "ibkr:health:read ibkr:accounts:read ibkr:positions:read ibkr:marketdata:read";

let rig: Rig;
let token: string;
beforeAll(async () => {
  rig = await startRig();
  ({
    tokens: { access_token: token },
  } = await connect(rig.owner, { scope: SCOPE }));
}, 60_000);
afterAll(() => rig?.close(), 30_000);

async function serving(gateway = rig.gateway.url) {
  const configDir = await rig.home();
  return {
    command: process.execPath,
    args: [
      inject("clientCli"),
      ...["--config-dir", configDir, "--gateway", gateway],
      ...["mcp", "serve", "--transport", "stdio"],
    ],
    env: { IBKR_TOKEN: token },
  };
}

const ERAS = {
  "SDK v2, 2026-07-28": async () => {
    const client = new ClientV2(
      { name: "host", version: "1" },
      { versionNegotiation: { mode: "auto" } },
    );
    await client.connect(new StdioV2(await serving()));
    expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
    return client;
  },
  "SDK v2, initialize": async () => {
    const client = new ClientV2({ name: "host", version: "1" });
    await client.connect(new StdioV2(await serving()));
    expect(client.getNegotiatedProtocolVersion()).toBe("2025-11-25");
    return client;
  },
  "SDK v1": async () => {
    const client = new ClientV1({ name: "host", version: "1" });
    await client.connect(new StdioV1(await serving()));
    return client;
  },
};

describe.each(Object.entries(ERAS))("a host on stdio (%s)", (_, open) => {
  it("has every tool, resource and prompt of the grant, and their answers", async () => {
    const client = await open();
    try {
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      expect(names).toContain("ibkr_positions_list");
      expect(names).not.toContain("ibkr_order_preview");
      expect(tools[0]?.description).toMatch(/\w/);
      const accounts = await client.callTool({ name: "ibkr_accounts_list", arguments: {} });
      expect(JSON.stringify(accounts)).toMatch(/"account_id":"DU\d+"/);
      const wrong = await client.callTool({
        name: "ibkr_contracts_search",
        arguments: { query: "" },
      });
      expect(wrong).toMatchObject({ isError: true, structuredContent: { code: "INPUT_INVALID" } });
      const { resources } = await client.listResources();
      expect(resources.map(({ uri }) => uri)).toContain("ibkr://accounts");
      const matrix = await client.readResource({ uri: "ibkr://support-matrix" });
      expect(JSON.stringify(matrix)).toContain("ibkr_health");
      expect((await client.listResourceTemplates()).resourceTemplates.length).toBeGreaterThan(0);
      const { prompts } = await client.listPrompts();
      expect(prompts.length).toBeGreaterThan(0);
    } finally {
      await client.close();
    }
  }, 30_000);
});

async function raw(gateway?: string): Promise<{
  child: ChildProcessWithoutNullStreams;
  lines: string[];
  ended: Promise<number | null>;
}> {
  const { command, args, env } = await serving(gateway);
  const child = spawn(command, args, { env: { ...process.env, ...env } });
  const lines: string[] = [];
  let rest = "";
  child.stdout.on("data", (chunk: Buffer) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return { child, lines, ended: new Promise((resolve) => child.on("close", resolve)) };
}

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "raw", version: "1" },
  },
};

async function until(ready: () => boolean): Promise<void> {
  for (let turns = 0; !ready(); turns += 1) {
    if (turns > 1_000) throw new Error("it did not come");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("the program on stdio", () => {
  it("answers at once with the gateway away, says so, and ends with its input", async () => {
    const { child, lines, ended } = await raw("http://127.0.0.1:9");
    child.stdin.write(`${JSON.stringify(initialize)}\n`);
    await until(() => lines.length === 1);
    const call = { jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "ibkr_health" } };
    child.stdin.write(`${JSON.stringify(call)}\n`);
    await until(() => lines.length === 2);
    expect(lines[1]).toContain("GATEWAY_UNREACHABLE");
    child.stdin.end();
    expect(await ended).toBe(0);
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it("survives what is no message, and writes nothing but messages", async () => {
    const { child, lines, ended } = await raw();
    child.stdin.write('no json\n[]\n{"jsonrpc":"2.0"}\n\n\u0000\n');
    child.stdin.write(`${JSON.stringify(initialize)}\n`);
    await until(() => lines.some((line) => line.includes('"protocolVersion"')));
    child.stdin.end();
    expect(await ended).toBe(0);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: "2.0" });
  });

  it("describes what it would serve without asking anybody", async () => {
    const child = spawn(process.execPath, [
      inject("clientCli"),
      ...["mcp", "serve", "--transport", "stdio", "--describe"],
    ]);
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
    expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
    const { transport, tools } = JSON.parse(out);
    expect(transport).toBe("stdio");
    expect(tools).toContainEqual(
      expect.objectContaining({
        name: "ibkr_paper_order_submit",
        scope: "ibkr:orders:paper:submit",
        read_only: false,
      }),
    );
  });
});
