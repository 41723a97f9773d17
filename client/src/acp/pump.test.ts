import { PassThrough, Transform } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import type { StdioServer } from "./add-server.ts";
import { type PumpHooks, pump } from "./pump.ts";

const SERVER: StdioServer = { name: "ibkr", command: "/node", args: ["mcp"], env: [] };

interface Wire {
  /** What is written here comes from the client. */
  client: PassThrough;
  agent: PassThrough;
  /** All bytes that reached the other side. */
  atAgent(): string;
  atClient(): string;
  said: string[];
  sessions: [token: string, sessionId: string][];
  gone(): number;
  done: Promise<void>;
}

const wires: Wire[] = [];
afterEach(async () => {
  for (const { client, agent, done } of wires.splice(0)) {
    client.end();
    agent.end();
    await done;
  }
});

function collect(stream: PassThrough): () => string {
  const bytes: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => bytes.push(chunk));
  return () => Buffer.concat(bytes).toString("utf8");
}

function wire(over: Partial<PumpHooks> = {}, frameMaxBytes?: number): Wire {
  const [client, toClient, agent, toAgent] = [1, 2, 3, 4].map(() => new PassThrough());
  if (!client || !toClient || !agent || !toAgent) throw new Error("four streams");
  const said: string[] = [];
  const sessions: [string, string][] = [];
  let gone = 0;
  let serial = 0;
  const hooks: PumpHooks = {
    serverFor: () => ({ server: SERVER, token: `token-${++serial}` }),
    onSession: (...link) => sessions.push(link),
    say: (text) => said.push(text),
    onClientGone: () => {
      gone += 1;
    },
    ...over,
  };
  const made: Wire = {
    client,
    agent,
    atAgent: collect(toAgent),
    atClient: collect(toClient),
    said,
    sessions,
    gone: () => gone,
    done: pump(
      { client: { input: client, output: toClient }, agent: { input: toAgent, output: agent } },
      hooks,
      frameMaxBytes,
    ),
  };
  wires.push(made);
  return made;
}

const line = (message: object) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
const lines = (text: string) => text.split("\n").filter(Boolean);
const update = (sessionId: string, n: number) =>
  line({ method: "session/update", params: { sessionId, update: { n } } });
const until = async (ready: () => boolean) => {
  for (let turns = 0; !ready(); turns += 1) {
    if (turns > 5_000) throw new Error("it did not come");
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("the pump", () => {
  it.each(["session/new", "session/load", "session/resume", "session/fork"])(
    "adds the server to %s and to nothing else",
    async (method) => {
      const { client, atAgent } = wire();
      const setup = { id: 1, method, params: { sessionId: "s", cwd: "/", mcpServers: [] } };
      const others =
        line({ id: 2, method: "session/prompt", params: { sessionId: "s", mcpServers: [] } }) +
        line({ method, params: { sessionId: "s", mcpServers: [] } }) +
        line({ id: 3, method: "_x/echo", params: { mcpServers: [] } });
      client.write(line(setup) + others);
      await until(() => atAgent().endsWith(others));
      const [first = ""] = lines(atAgent());
      expect(JSON.parse(first).params).toEqual({ ...setup.params, mcpServers: [SERVER] });
      expect(atAgent().slice(first.length + 1)).toBe(others);
    },
  );

  it("loses, doubles and reorders none of 10,000 updates around a session's start", async () => {
    const { client, agent, atClient } = wire();
    client.write(line({ id: "new", method: "session/new", params: { mcpServers: [] } }));
    let sent = "";
    for (let n = 0; n < 10_000; n += 1) {
      const text =
        update(n % 2 === 0 ? "old" : "other", n) +
        (n === 5_000 ? line({ id: "new", result: { sessionId: "fresh" } }) : "");
      sent += text;
      // Cut anywhere, in the middle of a line as well.
      const cut = n % text.length;
      for (const part of [text.slice(0, cut), text.slice(cut)]) {
        if (part !== "" && !agent.write(part)) {
          await new Promise((resolve) => agent.once("drain", resolve));
        }
      }
    }
    await until(() => atClient().length === Buffer.byteLength(sent));
    expect(atClient()).toBe(sent);
  });

  it("reads no further than a slow client does", async () => {
    const slow = new Transform({
      highWaterMark: 1_024,
      transform: () => {
        // It never takes the first chunk.
      },
    });
    const [input, agentIn, agent] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const hooks: PumpHooks = {
      serverFor: () => null,
      onSession: () => {},
      say: () => {},
      onClientGone: () => {},
    };
    const done = pump(
      { client: { input, output: slow }, agent: { input: agentIn, output: agent } },
      hooks,
    );
    let written = 0;
    while (written < 64 * 1024 * 1024 && agent.write(Buffer.alloc(16_384, "x\n"))) {
      written += 16_384;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(written).toBeLessThan(1024 * 1024);
    // The other direction goes on meanwhile.
    const other = collect(agentIn);
    input.write("hello\n");
    await until(() => other() === "hello\n");
    slow.destroy();
    agent.destroy();
    input.end();
    await done;
  });

  it("passes a cancel with its id as it was written, in every phase", async () => {
    const { client, agent, atAgent, atClient } = wire();
    const cancel = (id: unknown) => line({ method: "$/cancel_request", params: { requestId: id } });
    const stop = line({ method: "session/cancel", params: { sessionId: "s" } });
    const begin = '{"jsonrpc":"2.0","id":9007199254740993,"method":"session/new","params":{}}\n';
    const early =
      '{"jsonrpc":"2.0","method":"$/cancel_request","params":{"requestId":9007199254740993}}\n';
    client.write(begin + early);
    await until(() => atAgent().endsWith(early));
    const refused =
      '{"jsonrpc":"2.0","id":9007199254740993,"error":{"code":-32800,"message":"cancelled"}}\n';
    agent.write(refused);
    await until(() => atClient() === refused);

    const prompt = line({ id: "p", method: "session/prompt", params: { sessionId: "s" } });
    const permission = line({ id: 0, method: "session/request_permission", params: {} });
    client.write(prompt);
    agent.write(permission);
    client.write(stop + line({ id: 0, result: { outcome: { outcome: "cancelled" } } }));
    agent.write(cancel(0));
    await until(() => atAgent().includes('"outcome":"cancelled"'));
    const ended = line({ id: "p", result: { stopReason: "cancelled" } });
    agent.write(ended);
    client.write(cancel("p"));
    await until(() => atClient().endsWith(ended) && atAgent().endsWith(cancel("p")));
    expect(atClient()).toBe(refused + permission + cancel(0) + ended);
    expect(lines(atAgent()).map((text) => JSON.parse(text).method ?? "answer")).toEqual([
      "session/new",
      "$/cancel_request",
      "session/prompt",
      "session/cancel",
      "answer",
      "$/cancel_request",
    ]);
  });

  it("passes what is malformed as it came, and goes on", async () => {
    const { client, agent, atAgent, atClient } = wire();
    const noise = Buffer.concat([
      Buffer.from(
        'no json\n{"id":1,"method":"session/new","params":{"mcpServers":[}\n[]\n\n{}\r\n',
      ),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
      Buffer.from(
        '{"id":{},"method":"session/new","params":{}}\n{"id":2,"method":"session/load","params":{}}\n',
      ),
    ]);
    client.write(noise);
    agent.write(noise);
    client.write(line({ id: 3, method: "session/new", params: {} }));
    agent.write(line({ id: 3, result: { sessionId: "s" } }));
    await until(() => atAgent().includes('"name":"ibkr"') && atClient().includes('"sessionId"'));
    expect(atAgent().startsWith(noise.toString("utf8"))).toBe(true);
    expect(atClient().startsWith(noise.toString("utf8"))).toBe(true);
  });

  it("passes what is too long in parts, without our server, and says so", async () => {
    const { client, agent, atAgent, atClient, said, done } = wire({}, 1_000);
    const long = line({ id: 1, method: "session/new", params: { cwd: "/", x: "y".repeat(5_000) } });
    client.write(long);
    await until(() => atAgent() === long);
    expect(said.join()).toContain("too long");
    const answer = line({ id: 1, result: { sessionId: "s", x: "y".repeat(5_000) } });
    agent.write(answer);
    await until(() => atClient() === answer);
    client.write(line({ id: 2, method: "session/new", params: {} }));
    await until(() => atAgent().includes('"name":"ibkr"'));
    agent.end();
    await done;
    // The long answer counted as one: only the second request is still owed.
    expect(lines(atClient().slice(answer.length)).map((text) => JSON.parse(text).id)).toEqual([2]);
  });

  it("keeps several sessions at once apart, and notes each by its own token", async () => {
    const { client, agent, sessions, atClient } = wire();
    for (const id of [1, 2, 3]) {
      client.write(line({ id, method: "session/new", params: { cwd: `/${id}` } }));
    }
    client.write(line({ id: 4, method: "session/load", params: { sessionId: "old" } }));
    for (const id of [3, 1, 4, 2]) agent.write(line({ id, result: { sessionId: `s${id}` } }));
    await until(() => lines(atClient()).length === 4);
    expect(sessions).toEqual([
      ["token-3", "s3"],
      ["token-1", "s1"],
      ["token-2", "s2"],
    ]);
  });

  it("answers every open request once when the agent dies, and none twice", async () => {
    const { client, agent, atClient, atAgent, done } = wire();
    for (const id of ["1", '"b"', "3.50", "4"]) {
      client.write(`{"jsonrpc":"2.0","id":${id},"method":"session/prompt","params":{}}\n`);
    }
    await until(() => lines(atAgent()).length === 4);
    agent.write(line({ id: 4, result: {} }));
    agent.write('{"jsonrpc":"2.0","id":1,"res');
    agent.end();
    await done;
    const [answered, broken, ...errors] = lines(atClient());
    expect(JSON.parse(answered ?? "")).toMatchObject({ id: 4, result: {} });
    expect(broken).toBe('{"jsonrpc":"2.0","id":1,"res');
    expect(errors.map((text) => /"id":([^,]+),"error":\{"code":-32603/.exec(text)?.[1])).toEqual([
      "1",
      '"b"',
      "3.50",
    ]);
  });

  it("closes the agent's input when the client ends, and still passes what the agent says", async () => {
    const { client, agent, atClient, gone, done } = wire();
    client.end();
    await until(() => gone() > 0);
    agent.write(update("s", 1));
    agent.end();
    await done;
    expect(atClient()).toBe(update("s", 1));
  });

  it("lets the session begin without us when our own part fails", async () => {
    const { client, atAgent, said } = wire({
      serverFor: () => {
        throw new Error("no disk");
      },
    });
    const begin = line({ id: 1, method: "session/new", params: { mcpServers: [] } });
    client.write(begin);
    await until(() => atAgent() === begin);
    expect(said.join()).toContain("no disk");
  });

  it("leaves the client's own server of our name, and says so", async () => {
    const { client, atAgent, said } = wire();
    const begin = line({
      id: 1,
      method: "session/new",
      params: { mcpServers: [{ name: "ibkr" }] },
    });
    client.write(begin);
    await until(() => atAgent() === begin);
    expect(said.join()).toContain("named ibkr");
  });

  it("goes on reading from an agent whose client takes no more", async () => {
    const [input, output, agentIn, agent] = [
      new PassThrough(),
      new PassThrough(),
      new PassThrough(),
      new PassThrough(),
    ];
    let gone = 0;
    const done = pump(
      { client: { input, output }, agent: { input: agentIn, output: agent } },
      {
        serverFor: () => null,
        onSession: () => {},
        say: () => {},
        onClientGone: () => {
          gone += 1;
        },
      },
    );
    output.destroy();
    await settle();
    for (let n = 0; n < 200; n += 1) {
      if (!agent.write("x".repeat(10_000))) {
        await new Promise((resolve) => agent.once("drain", resolve));
      }
    }
    agent.end();
    input.end();
    await done;
    expect(gone).toBeGreaterThan(0);
  });
});
