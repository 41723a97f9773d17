import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { client, methods, ndJsonStream } from "@agentclientprotocol/sdk";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { loginStore } from "../../client/src/sdk/login-store.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type Rig, startRig } from "./rig.ts";

/** The official client and an agent on the official SDK, with the packed pump between them. */
/** Nothing listens there. */
const AWAY = "http://127.0.0.1:9";
const AGENT = [process.execPath, fromRoot("test/clients/acp-agent.ts")];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-acp-"));
  await loginStore(join(folder, "config")).change(`${AWAY}/mcp`, (login) => ({
    ...login,
    tokens: { access_token: "of-a-gateway-that-is-away", token_type: "bearer" },
  }));
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));

interface Running {
  child: ChildProcessWithoutNullStreams;
  said(): string;
  ended: Promise<number | null>;
}

function startPump(
  options: { gateway?: string; configDir?: string; agent?: string[]; era?: string } = {},
): Running {
  const { gateway = AWAY, configDir = join(folder, "config") } = options;
  const args = ["--config-dir", configDir, "--gateway", gateway, "acp", "--"];
  const child = spawn(
    process.execPath,
    [inject("clientCli"), ...args, ...(options.agent ?? AGENT)],
    {
      env: {
        ...process.env,
        IBKR_TOKEN: "a-token",
        ...(options.era === undefined ? {} : { AGENT_ERA: options.era }),
      },
    },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  return {
    child,
    said: () => said,
    ended: new Promise((resolve) => child.on("close", resolve)),
  };
}

/** An editor's end of the connection. */
function editor({ child }: Running) {
  const stream = ndJsonStream(Writable.toWeb(child.stdin), Readable.toWeb(child.stdout));
  return client({ name: "test-editor" }).connect(stream);
}

/** Until a process that is no child of this one is gone. */
async function gone(pid: number): Promise<void> {
  for (let turns = 0; turns < 500; turns += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`process ${pid} is still there`);
}

async function agentPid({ said }: Running): Promise<number> {
  for (let turns = 0; turns < 500; turns += 1) {
    const pid = /agent (\d+) runs/.exec(said())?.[1];
    if (pid !== undefined) return Number(pid);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the agent did not start: ${said()}`);
}

const start = { protocolVersion: 1, clientCapabilities: {} };

describe("an agent run through the pump, with the gateway away", () => {
  it("starts its sessions all the same, and each says in its answers what is wrong", async () => {
    const running = startPump();
    const editing = editor(running);
    const { agent } = editing;
    await agent.request(methods.agent.initialize, start);
    const session = await agent.buildSession(folder).start();
    void session.prompt("tools");
    expect(await session.readText()).toContain("ibkr_health");
    void session.prompt("tool ibkr_health");
    const answer = await session.readText();
    expect(answer).toContain("GATEWAY_UNREACHABLE");
    expect(answer).toContain("Check that the gateway runs");
    expect(running.said()).not.toContain("error");
    editing.close();
    running.child.stdin.end();
    expect(await running.ended, running.said()).toBe(0);
  });

  it("says where one signs in, where nobody did", async () => {
    const running = startPump({ configDir: join(folder, "nobody") });
    const editing = editor(running);
    await editing.agent.request(methods.agent.initialize, start);
    const session = await editing.agent.buildSession(folder).start();
    void session.prompt("tool ibkr_health");
    expect(await session.readText()).toMatch(/SIGN_IN_REQUIRED.*login/);
    editing.close();
    running.child.stdin.end();
    await running.ended;
  });

  it("gets no token of its user's", async () => {
    const running = startPump();
    const editing = editor(running);
    await editing.agent.request(methods.agent.initialize, start);
    const session = await editing.agent.buildSession(folder).start();
    void session.prompt("env IBKR_TOKEN");
    expect(await session.readText()).toBe("not set");
    editing.close();
    running.child.stdin.end();
    await running.ended;
  });

  it("sends 10,000 updates in order, to two sessions that are apart", async () => {
    const running = startPump();
    const editing = editor(running);
    const { agent } = editing;
    await agent.request(methods.agent.initialize, start);
    const [one, two] = [
      await agent.buildSession(folder).start(),
      await agent.buildSession(folder).start(),
    ];
    expect(one.sessionId).not.toBe(two.sessionId);
    void one.prompt("count 10000");
    void two.prompt("count 100");
    const counted = (text: string) => text.trim().split(" ").map(Number);
    expect(counted(await two.readText())).toEqual([...Array(100).keys()]);
    expect(counted(await one.readText())).toEqual([...Array(10_000).keys()]);
    editing.close();
    running.child.stdin.end();
    await running.ended;
  });

  it("is cancelled in the middle of a turn and while a session begins", async () => {
    const running = startPump();
    const editing = editor(running);
    const { agent } = editing;
    await agent.request(methods.agent.initialize, start);
    const giveUp = new AbortController();
    const slow = agent.request(
      methods.agent.session.new,
      { cwd: "/slow", mcpServers: [] },
      { cancellationSignal: giveUp.signal },
    );
    setTimeout(() => giveUp.abort(), 100);
    await expect(slow).rejects.toMatchObject({ code: -32800 });

    const session = await agent.buildSession(folder).start();
    const turn = session.prompt("wait");
    await session.nextUpdate();
    await agent.notify(methods.agent.session.cancel, { sessionId: session.sessionId });
    expect(await turn).toMatchObject({ stopReason: "cancelled" });
    editing.close();
    running.child.stdin.end();
    await running.ended;
  });

  it("that dies leaves no request without an answer, and its exit status is the pump's", async () => {
    const running = startPump();
    const { agent } = editor(running);
    await agent.request(methods.agent.initialize, start);
    const session = await agent.buildSession(folder).start();
    const other = session.prompt("wait");
    other.catch(() => {});
    await session.nextUpdate();
    await expect(session.prompt("die")).rejects.toMatchObject({ code: -32603 });
    await expect(other).rejects.toMatchObject({ code: -32603 });
    expect(await running.ended).toBe(3);
  });

  it("ends with its client, with all that it started", async () => {
    const running = startPump();
    const { agent } = editor(running);
    await agent.request(methods.agent.initialize, start);
    await agent.buildSession(folder).start();
    const pid = await agentPid(running);
    running.child.kill("SIGKILL");
    await running.ended;
    await gone(pid);
  });

  it("ends when the pump is told to, also where it takes no notice of its input", async () => {
    const deaf =
      "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.error('agent ' + process.pid + ' runs');";
    const running = startPump({ agent: [process.execPath, "-e", deaf] });
    const pid = await agentPid(running);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(137);
    await gone(pid);
  }, 30_000);

  it("that is not there is told in one line", async () => {
    const running = startPump({ agent: ["no-such-agent-here"] });
    expect(await running.ended).not.toBe(0);
    expect(running.said()).toMatch(/could not be started: no-such-agent-here/);
  });
});

describe("an agent run through the pump, with the gateway at home", () => {
  let rig: Rig;
  let configDir: string;
  beforeAll(async () => {
    rig = await startRig();
    configDir = join(folder, "signed-in");
    const login = spawn(
      process.execPath,
      [inject("clientCli"), "--config-dir", configDir, "login", rig.gateway.url],
      {
        env: {
          ...process.env,
          PATH: `${rig.person.directory}:${process.env.PATH}`,
          BROWSER: rig.person.browser,
        },
      },
    );
    let said = "";
    login.stderr.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const code = await new Promise((resolve) => login.on("close", resolve));
    expect([code, rig.person.failures], said).toEqual([0, []]);
  }, 60_000);
  afterAll(() => rig?.close(), 30_000);

  it.each(["2025", "2026"])(
    "calls our tools from a prompt, down to the broker and back, in the era of %s",
    async (era) => {
      const running = startPump({ gateway: rig.gateway.url, configDir, era });
      const editing = editor(running);
      const { agent } = editing;
      await agent.request(methods.agent.initialize, start);
      const session = await agent.buildSession(folder).start();
      void session.prompt("tool ibkr_accounts_list");
      const answer = await session.readText();
      expect(answer, running.said()).toMatch(/"account_id":"DU\d+"/);
      editing.close();
      running.child.stdin.end();
      expect(await running.ended, running.said()).toBe(0);
    },
  );
});
