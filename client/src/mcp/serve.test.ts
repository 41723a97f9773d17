import { Client, InMemoryTransport, SdkError, SdkErrorCode } from "@modelcontextprotocol/client";
import { ProtocolError, Server } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it } from "vitest";
import { IbkrError } from "../sdk/errors.ts";
import type { ListCache } from "./list-cache.ts";
import { forwardingServer } from "./serve.ts";
import type { Upstream } from "./upstream.ts";

/** A gateway in this process, of which a test says what it does. */
function gateway() {
  const seen: { name: string; meta: unknown; aborted: AbortSignal }[] = [];
  const server = new Server(
    { name: "gateway", version: "1" },
    { capabilities: { tools: {}, resources: {}, prompts: {} } },
  );
  server.setRequestHandler("tools/list", () => ({
    tools: [{ name: "ibkr_health", inputSchema: { type: "object" as const } }],
  }));
  server.setRequestHandler("resources/list", () => ({
    resources: [{ uri: "ibkr://accounts", name: "accounts" }],
  }));
  server.setRequestHandler("resources/templates/list", () => ({ resourceTemplates: [] }));
  server.setRequestHandler("resources/read", ({ params }) => ({
    contents: [{ uri: params.uri, text: "the text" }],
  }));
  server.setRequestHandler("prompts/list", () => ({ prompts: [{ name: "review" }] }));
  server.setRequestHandler("prompts/get", ({ params }) => ({
    messages: [{ role: "user" as const, content: { type: "text" as const, text: params.name } }],
  }));
  server.setRequestHandler("tools/call", async ({ params }, { mcpReq }) => {
    seen.push({ name: params.name, meta: mcpReq._meta, aborted: mcpReq.signal });
    if (params.name === "none") throw new ProtocolError(-32602, "Unknown tool", { why: "no" });
    if (params.name === "slow") {
      await new Promise((resolve) => mcpReq.signal.addEventListener("abort", resolve));
    }
    const token = mcpReq._meta?.progressToken;
    if (token !== undefined) {
      for (const progress of [1, 2]) {
        await mcpReq.notify({
          method: "notifications/progress",
          params: { progressToken: token, progress, total: 2, message: "Waiting" },
        });
      }
    }
    return { content: [], structuredContent: { args: params.arguments ?? null } };
  });
  return { server, seen };
}

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function linked(server: Server, client: Client): Promise<Client> {
  const [one, other] = InMemoryTransport.createLinkedPair();
  await Promise.all([server.connect(one), client.connect(other)]);
  endings.push(() => client.close());
  return client;
}

const away = new IbkrError("GATEWAY_UNREACHABLE", "The gateway could not be reached.", {
  retryable: true,
});

async function host(meta: Record<string, string> = {}) {
  const { server, seen } = gateway();
  const up = await linked(server, new Client({ name: "bridge", version: "1" }));
  const state = { away: false, drops: 0 };
  const upstream: Upstream = {
    client: async () => {
      if (state.away) throw away;
      return up;
    },
    drop: () => {
      state.drops += 1;
    },
    close: async () => {},
  };
  const kept = new Map<string, Record<string, unknown>>();
  const cache: ListCache = {
    read: async (method) => kept.get(method) ?? null,
    keep: async (method, result) => void kept.set(method, result),
  };
  const told: string[] = [];
  const client = new Client({ name: "host", version: "1" });
  client.setNotificationHandler("notifications/tools/list_changed", () => void told.push("tools"));
  await linked(forwardingServer({ upstream, cache, meta: () => meta }), client);
  return { client, seen, state, told };
}

describe("the bridge", () => {
  it("forwards tools, resources and prompts, each answer as it is", async () => {
    const { client, seen } = await host({ "ibkr-edge-gateway/acp-session": "a-hash" });
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["ibkr_health"]);
    expect((await client.listResources()).resources[0]?.uri).toBe("ibkr://accounts");
    expect((await client.listResourceTemplates()).resourceTemplates).toEqual([]);
    expect((await client.listPrompts()).prompts).toMatchObject([{ name: "review" }]);
    expect((await client.readResource({ uri: "ibkr://accounts" })).contents).toMatchObject([
      { text: "the text" },
    ]);
    expect((await client.getPrompt({ name: "review" })).messages).toHaveLength(1);
    const result = await client.callTool({ name: "ibkr_health", arguments: { a: "1.10" } });
    expect(result.structuredContent).toEqual({ args: { a: "1.10" } });
    expect(seen[0]?.meta).toMatchObject({ "ibkr-edge-gateway/acp-session": "a-hash" });
  });

  it("passes a cancel on", async () => {
    const { client, seen } = await host();
    const stop = new AbortController();
    const call = client.callTool({ name: "slow" }, { signal: stop.signal });
    call.catch(() => {});
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(seen[0]?.aborted.aborted).toBe(false);
    stop.abort();
    await expect(call).rejects.toThrow();
    while (seen[0]?.aborted.aborted !== true)
      await new Promise((resolve) => setTimeout(resolve, 1));
  });

  it("passes progress on, under the host's own token", async () => {
    const { client } = await host();
    const heard: number[] = [];
    await client.callTool(
      { name: "ibkr_health" },
      { onprogress: ({ progress }) => void heard.push(progress) },
    );
    expect(heard).toEqual([1, 2]);
  });

  it("passes an error on as it was", async () => {
    const { client } = await host();
    await expect(client.callTool({ name: "none" })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining("Unknown tool"),
    });
  });

  it("says in each answer that the gateway is away, and what to do", async () => {
    const { client, state } = await host();
    state.away = true;
    const tools = (await client.listTools()).tools.map(({ name }) => name);
    expect(tools).toEqual(["ibkr_access_request", "ibkr_health"]);
    const read = await client.callTool({ name: "ibkr_health" });
    expect(read).toMatchObject({
      isError: true,
      structuredContent: { code: "GATEWAY_UNREACHABLE", retryable: true },
    });
    expect(JSON.stringify(read.content)).toContain("Check that the gateway runs");
    await expect(client.readResource({ uri: "ibkr://accounts" })).rejects.toThrow(
      "could not be reached",
    );
  });

  it("lists what was there before while the gateway is away, and tells the host when it is back", async () => {
    const { client, state, told } = await host();
    await client.listTools();
    state.away = true;
    expect((await client.listTools(undefined, { cacheMode: "bypass" })).tools).toHaveLength(1);
    expect(told).toEqual([]);
    state.away = false;
    await client.callTool({ name: "ibkr_health" });
    while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await client.callTool({ name: "ibkr_health" });
    expect(told).toEqual(["tools"]);
  });

  it("says that it is not known whether a write was carried out, where the way broke", async () => {
    const { server } = gateway();
    const up = await linked(server, new Client({ name: "bridge", version: "1" }));
    const cut: Upstream = {
      client: async () => up,
      drop: () => {},
      close: async () => {},
    };
    up.request = () => Promise.reject(new SdkError(SdkErrorCode.RequestTimeout, "late"));
    const cache: ListCache = { read: async () => null, keep: async () => {} };
    const client = new Client({ name: "host", version: "1" });
    await linked(forwardingServer({ upstream: cut, cache, meta: () => ({}) }), client);
    const write = await client.callTool({ name: "ibkr_paper_order_submit" });
    expect(write).toMatchObject({
      structuredContent: { code: "CALL_TIMED_OUT", outcome: "unknown" },
    });
    expect(JSON.stringify(write)).toContain("Do not repeat it");
    const read = await client.callTool({ name: "ibkr_health" });
    expect(JSON.stringify(read)).not.toContain("Do not repeat it");
  });
});
