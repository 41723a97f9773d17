import { execFile } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { confirmPairingAsOwner } from "../../scripts/lib/confirm-pairing.ts";
import { type SidecarProcess, startSidecar } from "../../scripts/lib/sidecar-process.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { until } from "../support/relay/until.ts";

/** The sidecar's command line as its user runs it, against a real gateway. */
const CLI = inject("sidecarCli");

let gateway: Gateway;
let folder: string;
let configDir: string;
const running: SidecarProcess[] = [];

beforeAll(async () => {
  gateway = await startGateway({ rateLimits: { RELAY_LIMIT: 100_000 } });
}, 60_000);

afterAll(() => gateway.close());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-sidecar-cli-"));
  configDir = join(folder, "config");
});

afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

function cli(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...args, "--config-dir", configDir],
      { timeout: 30_000 },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, out, err });
      },
    );
  });
}

/** One line for the person at the keyboard, and nothing else. */
function expectOneLine(ran: Ran, pattern: RegExp): void {
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(pattern);
  expect(ran.err.trim().split("\n")).toHaveLength(1);
  expect(ran.out).toBe("");
}

async function pair(...more: string[]): Promise<Record<string, unknown>[]> {
  const said: Record<string, unknown>[] = [];
  let confirmed: Promise<unknown> = Promise.resolve();
  const child = startSidecar(
    CLI,
    ["pair", gateway.url, "--json", "--config-dir", configDir, ...more],
    (line) => {
      const message = JSON.parse(line);
      said.push(message);
      if (message.event !== "code") return;
      confirmed = confirmPairingAsOwner(
        { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN },
        message.user_code,
        message.fingerprint,
      );
    },
  );
  running.push(child);
  const code = await child.exited;
  await confirmed;
  expect(code).toBe(0);
  return said;
}

async function run(): Promise<{ process: SidecarProcess; logs: string[] }> {
  const logs: string[] = [];
  const child = startSidecar(CLI, ["run", "--simulated", "--config-dir", configDir], (line) =>
    logs.push(line),
  );
  running.push(child);
  await until(
    () => logs.some((line) => line.includes("connected to the gateway")),
    `the sidecar is connected: ${logs.join("\n")}`,
    { timeoutMs: 20_000 },
  );
  return { process: child, logs };
}

describe("ibkr-sidecar", () => {
  it("pairs, runs, says how it stands, changes its key and runs again", async () => {
    const said = await pair("--name", "my desk");
    expect(said.map(({ event }) => event)).toEqual(["code", "paired"]);
    expect(said[1]).toMatchObject({ gateway: gateway.url });
    for (const name of readdirSync(configDir)) {
      expect(statSync(join(configDir, name)).mode & 0o077, name).toBe(0);
    }

    const first = await run();
    const status = JSON.parse((await cli("status", "--json")).out);
    expect(status).toMatchObject({
      paired: { gateway: gateway.url },
      running: { relay: { state: "connected", epoch: 1 }, broker: { source: "simulator" } },
    });
    expectOneLine(await cli("run", "--simulated"), /another sidecar is running/);
    expectOneLine(await cli("rotate-key"), /another sidecar is running/);
    first.process.child.kill("SIGTERM");
    expect(await first.process.exited).toBe(0);
    expect(JSON.parse((await cli("status", "--json")).out).running).toBeNull();

    const before = status.fingerprint;
    const rotated = await cli("rotate-key");
    expect(rotated).toMatchObject({ code: 0 });
    const after = JSON.parse((await cli("status", "--json")).out).fingerprint;
    expect(after).not.toBe(before);
    expect(rotated.out).toContain(after);
    await run();
  }, 60_000);

  it("starts with a torn policy.json and orders.json, says so, and keeps what stood in them", async () => {
    await pair();
    const torn = { "policy.json": '{"offer":["orders.pa', "orders.json": '{"v":1,' };
    for (const [name, text] of Object.entries(torn)) {
      writeFileSync(join(configDir, name), text, { mode: 0o600 });
    }
    const { logs } = await run();
    for (const [name, text] of Object.entries(torn)) {
      const kept = readdirSync(configDir).filter((file) => file.startsWith(`${name}.torn-`));
      expect(kept).toHaveLength(1);
      expect(readFileSync(join(configDir, kept[0] ?? ""), "utf8")).toBe(text);
    }
    expect(logs.join("\n")).toContain("policy.json is not JSON");
    const status = JSON.parse((await cli("status", "--json")).out);
    expect(status.running.relay.state).toBe("connected");
  }, 60_000);

  it("a rotation that was broken off is put right by the next connection", async () => {
    await pair();
    const key = readFileSync(join(configDir, "device-key.json"), "utf8");
    expect((await cli("rotate-key")).code).toBe(0);
    const taken = readFileSync(join(configDir, "device-key.json"), "utf8");
    // As if the answer had never come: the old key in its place, the new one beside it.
    writeFileSync(join(configDir, "device-key-next.json"), taken, { mode: 0o600 });
    writeFileSync(join(configDir, "device-key.json"), key, { mode: 0o600 });
    const child = await run();
    await until(
      () => readFileSync(join(configDir, "device-key.json"), "utf8") === taken,
      "the key the gateway knows is kept",
    );
    // The terminal is closed: it ends in order all the same.
    child.process.child.kill("SIGHUP");
    expect(await child.process.exited).toBe(0);

    // And as if the request had never arrived: a next key that the gateway does not know.
    writeFileSync(join(configDir, "device-key-next.json"), key, { mode: 0o600 });
    await run();
    await until(
      () => !readdirSync(configDir).includes("device-key-next.json"),
      "the key that the gateway does not know is dropped",
    );
    expect(readFileSync(join(configDir, "device-key.json"), "utf8")).toBe(taken);
  }, 60_000);

  it("keeps the key, the tokens and the account ids out of its logs", async () => {
    await pair();
    const { logs } = await run();
    const text = logs.join("\n");
    const key = JSON.parse(readFileSync(join(configDir, "device-key.json"), "utf8"));
    expect(text).not.toContain(key.d);
    expect(text).not.toMatch(/eyJ[A-Za-z0-9_-]{10,}\./);
    expect(text).not.toMatch(/DU\d{5,}/);
    expect(text).not.toContain("resume_token");
  }, 60_000);

  it("ends within five seconds of a signal, however early it comes, whatever the gateway does", async () => {
    await pair();
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const at = silent.address();
    const port = at !== null && typeof at === "object" ? at.port : 0;
    const file = join(configDir, "pairing.json");
    const pairing = JSON.parse(readFileSync(file, "utf8"));
    pairing.relay_url = pairing.relay_url.replace(/:\d+\//, `:${port}/`);
    writeFileSync(file, JSON.stringify(pairing), { mode: 0o600 });
    try {
      for (const afterMs of [0, 5, 50, 150, 300, 600, 1_200]) {
        const child = startSidecar(
          CLI,
          ["run", "--simulated", "--config-dir", configDir],
          () => undefined,
        );
        running.push(child);
        await sleep(afterMs);
        const began = performance.now();
        child.child.kill("SIGTERM");
        const code = await child.exited;
        expect([afterMs, code === 0 || code === null]).toEqual([afterMs, true]);
        expect(performance.now() - began).toBeLessThan(5_000);
      }
    } finally {
      silent.close();
    }
  }, 60_000);

  it("is thrown out for good when its owner revokes it, and says so", async () => {
    const said = await pair();
    const { process: child } = await run();
    const { sidecar_id, account_id } = said[1] as { sidecar_id: string; account_id: string };
    await gateway.sql(
      "Account",
      account_id,
      "UPDATE sidecars SET state = 'revoked' WHERE sidecar_id = ?",
      sidecar_id,
    );
    await gateway.evict(account_id, "close");
    expect(await child.exited).toBe(1);
    const status = await cli("status");
    expect(status.out).toMatch(/revoked/);
  }, 60_000);
});

describe("wrong use", () => {
  it.each<[string, string[], RegExp]>([
    ["an unknown command", ["frobnicate"], /unknown command/],
    ["an unknown flag", ["run", "--frobnicate"], /unknown option/],
    [
      "no gateway, and nobody to ask",
      ["pair"],
      /name your gateway: npm run sidecar -- pair https:/,
    ],
    ["a gateway in clear on a network", ["pair", "http://gateway.example.com"], /must be https/],
    ["a gateway that is no address", ["pair", "gateway"], /must be https/],
    ["credentials in the address", ["pair", "https://a:b@gateway.example.com"], /must be https/],
    ["run before pairing", ["run"], /not paired yet/],
    ["two backends", ["run", "--simulated", "--client-portal", "https://192.168.1.2:5000"], /.+/],
    ["an unknown log level", ["run", "--log-level", "loud"], /log-level/],
  ])("%s: one line and exit 2", async (_, args, pattern) => {
    expectOneLine(await cli(...args), pattern);
  });

  it("a gateway that is not there: one line and exit 1", async () => {
    const ran = await cli("pair", "http://127.0.0.1:9");
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/could not be reached/);
    expect(ran.err.trim().split("\n")).toHaveLength(1);
  });

  it.each(["device-key.json", "pairing.json", "policy.json"])(
    "%s that others can read: one line and exit 2",
    async (name) => {
      mkdirSync(configDir, { mode: 0o700 });
      writeFileSync(join(configDir, name), "{}");
      chmodSync(join(configDir, name), 0o644);
      const ran = await cli(
        name === "policy.json" ? "pair" : "run",
        ...(name === "policy.json" ? [gateway.url] : []),
      );
      expectOneLine(ran, /can be read by others; run: chmod 600/);
    },
  );

  it.each([
    ["not JSON", "nonsense", /is not JSON/],
    ["not what it should hold", '{"gateway_origin": 7}', /is not valid at/],
  ])("a pairing file that is %s: one line and exit 2", async (_, text, pattern) => {
    mkdirSync(configDir, { mode: 0o700 });
    writeFileSync(join(configDir, "pairing.json"), text, { mode: 0o600 });
    expectOneLine(await cli("run"), pattern);
    expectOneLine(await cli("status"), pattern);
  });

  it("a configuration folder that others can write: one line and exit 2", async () => {
    mkdirSync(configDir);
    chmodSync(configDir, 0o777);
    expectOneLine(await cli("run"), /can be written by others/);
  });

  it("a configuration folder that nobody can make: one line and exit 2, at once", async () => {
    configDir = process.platform === "linux" ? "/proc/self/nothing" : "/dev/null/nothing";
    const began = performance.now();
    expectOneLine(await cli("run"), /cannot be used/);
    expectOneLine(await cli("kill"), /cannot be used/);
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it("a configuration folder that is a file: one line and exit 2", async () => {
    writeFileSync(configDir, "");
    expectOneLine(await cli("run"), /cannot be used|is not a folder/);
  });
});
