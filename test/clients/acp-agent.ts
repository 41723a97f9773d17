import { Readable, Writable } from "node:stream";
import {
  type AgentContext,
  agent,
  methods,
  ndJsonStream,
  RequestError,
} from "@agentclientprotocol/sdk";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

/**
 * A small ACP agent on the official SDK, run as a program. A prompt is one command: `tool <name>`
 * calls a tool of the session's servers, `count <n>` sends that many updates, `env <name>` tells a variable, `wait` works until it is
 * cancelled, `die` ends the process.
 */
interface Session {
  clients: Client[];
  stop: AbortController;
}

const sessions = new Map<string, Session>();

async function begin(servers: readonly unknown[]): Promise<Session> {
  const clients: Client[] = [];
  for (const server of servers) {
    if (typeof server !== "object" || server === null || !("command" in server)) continue;
    const { command, args, env } = Object(server);
    const client = new Client(
      { name: "acp-agent", version: "1" },
      { versionNegotiation: { mode: process.env.AGENT_ERA === "2025" ? "legacy" : "auto" } },
    );
    // As agents do it: the server gets its own settings, and of this environment only what is safe.
    const settings = Object.fromEntries(
      env.map(({ name, value }: { name: string; value: string }) => [name, value]),
    );
    await client.connect(new StdioClientTransport({ command, args, env: settings }));
    clients.push(client);
  }
  return { clients, stop: new AbortController() };
}

async function say(client: AgentContext, sessionId: string, text: string): Promise<void> {
  await client.notify(methods.client.session.update, {
    sessionId,
    update: { sessionUpdate: "agent_message_chunk", content: { type: "text", text } },
  });
}

async function obey(client: AgentContext, sessionId: string, words: string[]) {
  const session = sessions.get(sessionId);
  if (session === undefined) throw new Error("no such session");
  const [verb, what = ""] = words;
  if (verb === "die") process.exit(3);
  if (verb === "env") await say(client, sessionId, process.env[what] ?? "not set");
  if (verb === "count") {
    for (let n = 0; n < Number(what); n += 1) await say(client, sessionId, `${n} `);
  }
  if (verb === "tool") {
    for (const server of session.clients) {
      const result = await server.callTool({ name: what, arguments: {} });
      await say(client, sessionId, JSON.stringify(result));
    }
  }
  if (verb === "tools") {
    for (const server of session.clients) {
      const { tools } = await server.listTools();
      await say(client, sessionId, tools.map(({ name }) => name).join(" "));
    }
  }
  if (verb === "wait") {
    session.stop = new AbortController();
    await say(client, sessionId, "waiting");
    await new Promise((resolve) => session.stop.signal.addEventListener("abort", resolve));
    return { stopReason: "cancelled" as const };
  }
  return { stopReason: "end_turn" as const };
}

const connection = agent({ name: "test-agent" })
  .onRequest(methods.agent.initialize, () => ({
    protocolVersion: 1,
    agentCapabilities: { loadSession: true, sessionCapabilities: { close: {} } },
  }))
  .onRequest(methods.agent.session.new, async ({ params, signal }) => {
    if (params.cwd.endsWith("/slow")) {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new RequestError(-32800, "cancelled");
    }
    const sessionId = `session-${sessions.size + 1}`;
    sessions.set(sessionId, await begin(params.mcpServers));
    return { sessionId };
  })
  .onRequest(methods.agent.session.load, async ({ params }) => {
    sessions.set(params.sessionId, await begin(params.mcpServers));
    return {};
  })
  .onRequest(methods.agent.session.close, async ({ params }) => {
    for (const client of sessions.get(params.sessionId)?.clients ?? []) await client.close();
    sessions.delete(params.sessionId);
    return {};
  })
  .onRequest(methods.agent.session.prompt, ({ params, client }) => {
    const [block] = params.prompt;
    const text = block?.type === "text" ? block.text : "";
    return obey(client, params.sessionId, text.split(" "));
  })
  .onNotification(methods.agent.session.cancel, ({ params }) =>
    sessions.get(params.sessionId)?.stop.abort(),
  )
  .connect(ndJsonStream(Writable.toWeb(process.stdout), Readable.toWeb(process.stdin)));

process.stderr.write(`agent ${process.pid} runs\n`);
await connection.closed;
for (const { clients } of sessions.values()) for (const client of clients) await client.close();
