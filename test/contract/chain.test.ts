import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rowsOf } from "../../client/src/sdk/table-rows.ts";
import { Browser } from "../../scripts/lib/browser.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { connectV2 } from "../support/mcp-clients.ts";
import { descendants, isAlive, type RunningCommand, runScript } from "../support/processes.ts";
import { buyAtTheBroker } from "../support/simulated-portal.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";

/**
 * The whole product as `npm start` runs it: Worker in workerd, simulator, a sidecar that was really
 * paired, and clients that really did OAuth. Every process is real and is really killed.
 */
const START_MS = 60_000;
const SCOPES = "ibkr:accounts:read ibkr:positions:read ibkr:audit:read ibkr:health:read";

let folder: string;
let env: Record<string, string>;
let started: RunningCommand;
let url: string;
let ownerToken: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-chain-"));
  env = { DATA_DIR: join(folder, "data"), PORT: "0", SIMULATOR_PORT: "0" };
  await start();
}, START_MS);

afterAll(async () => {
  started.child.kill("SIGTERM");
  await started.exited;
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  started = runScript("start", [], env);
  ownerToken = (await started.line(/^Owner sign-in token: /)).split(": ")[1] ?? "";
  url = (await started.line(/^MCP endpoint: /)).replace(/^MCP endpoint: (.*)\/mcp$/, "$1");
}

/** Ends `npm start` and says how long that took and who was left. */
async function stop(signal: "SIGINT" | "SIGTERM") {
  const family = descendants(started.child.pid ?? 0);
  const began = performance.now();
  started.child.kill(signal);
  const code = await started.exited;
  const ms = performance.now() - began;
  return { code, ms, family, left: family.filter(({ pid }) => isAlive(pid)) };
}

/** Apple, in the simulated paper account. */
const AAPL = 265598;
const ACCOUNT = "DU4815162";

async function heldShares(client: Client): Promise<number> {
  const { content } = await call(client, "ibkr_positions_list");
  const row = rowsOf(content.positions).find(({ conid }) => conid === AAPL);
  return Number(row?.quantity);
}

async function simulatorPort(): Promise<number> {
  return JSON.parse(await readFile(join(env.DATA_DIR ?? "", "gateway.json"), "utf8"))
    .simulator_port;
}

function sidecarPid(): number {
  const run = descendants(started.child.pid ?? 0).find(({ command }) => / run /.test(command));
  if (run === undefined) throw new Error("no sidecar runs");
  return run.pid;
}

async function connect(scope = SCOPES): Promise<Client> {
  const browser = new Browser(url);
  await signIn(browser, ownerToken);
  return connectV2(browser, scope, "2026-07-28");
}

async function call(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { structuredContent, isError } = await client.callTool({ name, arguments: args });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose form is what they test
  return { isError: isError === true, content: structuredContent as any };
}

describe("npm start", () => {
  it("says where it is, how to add it and how to sign in, one thing a line", () => {
    const [mcp, console_, claude, token, ...more] = started.stdout;
    expect(mcp).toMatch(/^MCP endpoint: http:\/\/localhost:\d+\/mcp$/);
    expect(console_).toBe(`Console: ${url}/`);
    expect(claude).toContain(`claude mcp add --transport http ibkr ${url}/mcp`);
    expect(token).toMatch(/^Owner sign-in token: \S{24,}$/);
    expect(more).toEqual([]);
    expect(started.stderr).toEqual([]);
  });

  it("serves an SDK client that did OAuth, through relay and sidecar, from the simulator", async () => {
    const client = await connect();
    const { content: accounts } = await call(client, "ibkr_accounts_list");
    expect(accounts.source).toBe("simulator");
    const [account] = accounts.accounts;
    expect(account.account_id).toMatch(/^DU\d+$/);

    const { content: positions, isError } = await call(client, "ibkr_positions_list", {
      account_id: account.account_id,
    });
    expect(isError).toBe(false);
    const held = rowsOf(positions.positions);
    expect(held.length).toBeGreaterThan(0);
    for (const position of held) expect(position.quantity).toMatch(/^-?\d+(\.\d+)?$/);

    const { content: tail } = await call(client, "ibkr_audit_tail", { limit: 5, full: true });
    const tools = tail.records.map(
      (record: { event: { what: { tool: string } } }) => record.event.what.tool,
    );
    expect(tools).toContain("ibkr_positions_list");
    expect(JSON.stringify(tail)).not.toContain(account.account_id);
    await client.close();
  });

  it("npm run token prints an access token that works, and nothing else", async () => {
    const run = runScript("token", ["--scope", "ibkr:accounts:read"], env);
    expect(await run.exited).toBe(0);
    expect(run.stderr).toEqual([]);
    expect(run.stdout).toEqual([expect.stringMatching(/^\S+:\S+:\S+$/)]);
    const response = await fetch(`${url}/mcp`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${run.stdout[0]}`,
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        "MCP-Protocol-Version": "2025-11-25",
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("ibkr_accounts_list");
  });

  it("the owner's commands talk to this machine and to no other", async () => {
    const run = runScript("token", [], { ...env, GATEWAY_URL: "https://gateway.example.com" });
    expect(await run.exited).not.toBe(0);
    expect(run.stdout).toEqual([]);
    expect(run.stderr).toEqual([expect.stringContaining("not on this machine")]);
  });

  it("a second start on the same data is refused while the first runs", async () => {
    const second = runScript("start", [], env);
    expect(await second.exited).not.toBe(0);
    expect(second.stderr).toEqual([expect.stringContaining("already")]);
  });

  it("a sidecar killed in the middle of a call costs that call and no more", async () => {
    const client = await connect();
    await call(client, "ibkr_accounts_list");
    const began = performance.now();
    const inFlight = Array.from({ length: 20 }, () => call(client, "ibkr_accounts_list"));
    process.kill(sidecarPid(), "SIGKILL");
    inFlight.push(call(client, "ibkr_accounts_list"));
    for (const { isError, content } of await Promise.all(inFlight)) {
      if (!isError) expect(content.accounts).toHaveLength(1);
      else {
        expect(content).toMatchObject({ code: "SIDECAR_UNAVAILABLE", retryable: true });
        expect(content.user_action).toEqual(expect.any(String));
      }
    }
    expect(performance.now() - began).toBeLessThan(15_000);
    await vi.waitFor(
      async () => expect((await call(client, "ibkr_accounts_list")).isError).toBe(false),
      { timeout: 20_000, interval: 250 },
    );
    await client.close();
  });

  it(
    "ends within five seconds, leaves no process, and a later start keeps everything",
    async () => {
      const client = await connect();
      const before = (await call(client, "ibkr_audit_tail", { limit: 1 })).content;
      const token = runScript("token", ["--scope", SCOPES], env);
      await token.exited;
      const held = await heldShares(client);
      await buyAtTheBroker(`https://127.0.0.1:${await simulatorPort()}`, ACCOUNT, {
        conid: AAPL,
        quantity: 3,
      });
      const bought = { timeout: 30_000, interval: 500 };
      await vi.waitFor(async () => expect(await heldShares(client)).toBe(held + 3), bought);

      const ended = await stop("SIGINT");
      expect(ended.family.length).toBeGreaterThanOrEqual(2);
      expect(ended).toMatchObject({ code: 0, left: [] });
      expect(ended.ms).toBeLessThan(5_000);

      const oldUrl = url;
      await start();
      expect(url).toBe(oldUrl);
      // The grant of before the restart still works, over the pairing of before the restart.
      const { content, isError } = await call(client, "ibkr_accounts_list");
      expect({ isError, count: content.accounts?.length }).toEqual({ isError: false, count: 1 });
      // What was bought before the restart is still held.
      expect(await heldShares(client)).toBe(held + 3);
      const { content: tail } = await call(client, "ibkr_audit_tail", { limit: 50, full: true });
      expect(tail.head_seq ?? tail.records[0].seq).toBeGreaterThan(before.records[0].seq);
      const types = tail.records.map((record: { event: { type: string } }) => record.event.type);
      expect(types.filter((type: string) => type === "sidecar.paired").length).toBeLessThanOrEqual(
        1,
      );
      await client.close();
    },
    START_MS,
  );

  it(
    "a passkey may approve at the simulator's PC at once; SIGTERM ends it as well",
    async () => {
      const owner = new Browser(url);
      await signIn(owner, ownerToken);
      const making = await (await owner.get("/security/passkeys/new")).text();
      const made = await owner.post("/security/passkeys", {
        csrf: formFields(making).csrf ?? "",
        name: "Phone",
        response: new SoftwarePasskey(url).register(ceremonyOn(making)),
      });
      expect(made.status).toBe(303);
      const words = /<ol class="words">(.*?)<\/ol>/s.exec(
        await (await owner.get("/security")).text(),
      )?.[1];

      const told = await started.line(/^Your passkey "Phone" may approve/);
      expect(told.split(": ")[1]).toBe(
        [...(words ?? "").matchAll(/<li>([a-z]+)<\/li>/g)].map(([, word]) => word).join(" "),
      );
      await started.line(/approves nothing at a real broker/);

      const ended = await stop("SIGTERM");
      expect(ended).toMatchObject({ code: 0, left: [] });
      expect(ended.ms).toBeLessThan(5_000);
      await start();
    },
    START_MS,
  );
});

describe("npm start, when it cannot", () => {
  let taken: Server;
  let takenPort: number;
  beforeAll(async () => {
    taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    takenPort = address !== null && typeof address === "object" ? address.port : 0;
  });
  afterAll(() => taken.close());

  async function oneLine(more: Record<string, string>, flags: string[] = []): Promise<string> {
    const run = runScript("start", [], { ...env, DATA_DIR: join(folder, "other"), ...more }, flags);
    expect(await run.exited).not.toBe(0);
    expect(run.stdout).toEqual([]);
    expect(run.stderr).toHaveLength(1);
    return run.stderr[0] ?? "";
  }

  it("names a port that is taken", async () => {
    expect(await oneLine({ PORT: String(takenPort) })).toContain(`Port ${takenPort} is taken`);
    expect(await oneLine({ SIMULATOR_PORT: String(takenPort) })).toContain("SIMULATOR_PORT");
    const free = String(await freePort());
    const twice = await oneLine({ PORT: free, SIMULATOR_PORT: free });
    expect(twice).toContain(`PORT and SIMULATOR_PORT are both ${free}`);
  });

  it("names a setting that is no port", async () => {
    for (const port of ["http", "-1", "65536", "1.5"]) {
      expect(await oneLine({ PORT: port })).toContain("PORT must be a port");
    }
  });

  it("says of a simulated book that is damaged what it is, and begins no other", async () => {
    const data = join(folder, "damaged");
    await cp(env.DATA_DIR ?? "", data, { recursive: true });
    // The copy is of a gateway that runs.
    const state = join(data, "gateway.json");
    const running = JSON.parse(await readFile(state, "utf8"));
    await writeFile(state, JSON.stringify({ ...running, url: null, pid: null }));
    const file = join(data, "simulated-book.json");
    const book: { orders: unknown[] } = JSON.parse(await readFile(file, "utf8"));
    expect(book.orders).toHaveLength(1);
    const damaged = [
      (await readFile(file, "utf8")).slice(0, -20),
      JSON.stringify({ ...book, orders: [] }),
    ];
    for (const text of damaged) {
      await writeFile(file, text);
      const line = await oneLine({ DATA_DIR: data });
      expect(line).toContain(`The simulated broker's book ${file} cannot be used: it is damaged`);
      expect(await readFile(file, "utf8")).toBe(text);
    }
  });

  it("refuses market hours that do not exist, and names those that do", async () => {
    const line = await oneLine({ MARKET_HOURS: "sometimes" });
    expect(line).toMatch(/MARKET_HOURS must be "always".* or "exchange".*, not "sometimes"/);
  });

  it(
    "names data that is a file, damaged, or lacks a part",
    async () => {
      const file = join(folder, "file");
      await writeFile(file, "");
      expect(await oneLine({ DATA_DIR: file })).toContain(file);

      const data = join(folder, "broken");
      const make = runScript("start", [], { ...env, DATA_DIR: data });
      await make.line(/^Owner/);
      make.child.kill("SIGTERM");
      await make.exited;

      const secrets = join(data, "secrets.json");
      const good = await readFile(secrets, "utf8");
      await writeFile(secrets, good.slice(0, 40));
      expect(await oneLine({ DATA_DIR: data })).toContain("secrets.json is damaged");
      await rm(secrets);
      expect(await oneLine({ DATA_DIR: data })).toContain("secrets.json is missing");
      await writeFile(secrets, good);
      await rm(join(data, "worker"), { recursive: true });
      expect(await oneLine({ DATA_DIR: data })).toContain("worker is missing");
    },
    START_MS,
  );

  it("ends at once where the data cannot be written, and says so", async () => {
    const began = performance.now();
    for (const path of ["/proc/x", "/proc/self/x", "/dev/null/x"]) {
      expect(await oneLine({ DATA_DIR: path })).toContain(`The data in ${path} cannot be used`);
    }
    expect(performance.now() - began).toBeLessThan(15_000);
  }, 20_000);

  it("names a Node that is too old", async () => {
    const old =
      "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})";
    expect(await oneLine({}, ["--import", old])).toMatch(/needs Node 24.*this is Node 20\.19\.0/);
  });
});
