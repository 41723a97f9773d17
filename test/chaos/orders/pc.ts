import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { confirmPairingAsOwner } from "../../../scripts/lib/confirm-pairing.ts";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import { SIDECAR_NODE_FLAGS } from "../../../scripts/lib/sidecar-build.ts";
import { loadPairing, storePairing } from "../../../sidecar/src/config/pairing-file.ts";
import { capsPath } from "../../../sidecar/src/orders/local-policy/order-settings.ts";
import { DEFAULT_CAPS } from "../../../sidecar/src/trust/limits/caps.ts";
import { approverFingerprint } from "../../../sidecar/src/trust/tables/approvers.ts";

/** The owner's PC: the built sidecar, as it is installed, in a process that is killed and started again. */
export interface Pc {
  readonly configDir: string;
  /** Starts it, unless it runs. */
  start(): void;
  /** SIGKILL, and at once a new one. */
  kill(): Promise<void>;
  /** The next order that arrives burns a fuse of this length, and the process dies at its end. */
  layFuse(effects: number): void;
  /** Where the fuses burnt down so far, by what the process was doing. */
  burnt(): Record<string, number>;
  /** Ends it for good. */
  stop(): Promise<void>;
  starts(): number;
  /** Exits that it was not told to make and that no kill explains. */
  readonly crashes: string[];
}

export interface PcOptions {
  cli: string;
  folder: string;
  gateway: { url: string; ownerToken: string };
  proxyPort: number;
  clientPortal: string;
  /** The run's clock, as JSON. */
  time: string;
}

/** Pairs as an owner does, by the command line and the console's pages, through the losing line. */
export async function pairPc(options: PcOptions): Promise<Pc> {
  const { cli, folder, gateway, time } = options;
  const configDir = join(folder, "pc");
  const log = join(folder, "sidecar.log");
  const fuse = join(folder, "fuse");
  const flags = [...SIDECAR_NODE_FLAGS, "--import", fromRoot("test/chaos/orders/fast-node.ts")];
  const env = { PATH: process.env.PATH ?? "", HOME: folder, CHAOS_TIME: time, CHAOS_FUSE: fuse };
  const spawned = (args: string[]): ChildProcess =>
    spawn(process.execPath, [...flags, cli, "--config-dir", configDir, ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  await pair(spawned(["pair", gateway.url, "--json"]), gateway);
  const pairing = loadPairing(configDir);
  if (pairing === null) throw new Error("the PC was not paired");
  storePairing(configDir, {
    ...pairing,
    relay_url: pairing.relay_url.replace(/:\d+/, `:${options.proxyPort}`),
  });
  const caps = structuredClone(DEFAULT_CAPS);
  Object.assign(caps.paper, {
    max_notional: "1000000",
    max_orders_per_minute: 600,
    max_orders_per_day: 100_000,
    max_daily_loss: "100000000",
  });
  writeFileSync(capsPath(configDir), JSON.stringify(caps), { mode: 0o600 });

  let child: ChildProcess | null = null;
  let starts = 0;
  let stopping = false;
  const crashes: string[] = [];
  const start = (): void => {
    if (child !== null || stopping) return;
    starts += 1;
    const one = spawned([
      "run",
      ...["--client-portal", options.clientPortal, "--simulated", "--log-level", "info"],
    ]);
    child = one;
    let last = "";
    for (const stream of [one.stdout, one.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        last = line;
        appendFileSync(log, `${line}\n`);
      });
    }
    one.on("close", (code, signal) => {
      if (child === one) child = null;
      if (stopping) return;
      if (signal !== "SIGKILL") crashes.push(`exit ${code ?? signal}: ${last.slice(0, 300)}`);
      // A process that ends by itself over and over must not fill the machine.
      setTimeout(start, signal === "SIGKILL" ? 20 : 1_000);
    });
  };
  const gone = (one: ChildProcess): Promise<void> =>
    new Promise((resolve) => one.once("close", () => resolve()));
  return {
    configDir,
    crashes,
    starts: () => starts,
    start,
    async kill() {
      const one = child;
      if (one === null) return;
      const ended = gone(one);
      one.kill("SIGKILL");
      await ended;
    },
    layFuse(effects) {
      writeFileSync(fuse, String(effects));
      child?.kill("SIGUSR2");
    },
    burnt() {
      const marks = `${fuse}.burnt`;
      const lines = existsSync(marks) ? readFileSync(marks, "utf8").split("\n") : [];
      return tally(lines.filter((line) => line !== ""));
    },
    async stop() {
      stopping = true;
      const one = child;
      if (one === null) return;
      const ended = gone(one);
      one.kill("SIGTERM");
      const late = setTimeout(() => one.kill("SIGKILL"), 3_000);
      await ended;
      clearTimeout(late);
    },
  };

  async function pair(one: ChildProcess, to: { url: string; ownerToken: string }): Promise<void> {
    let confirming: Promise<unknown> = Promise.resolve();
    const said: string[] = [];
    for (const stream of [one.stdout, one.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const code = userCode(line);
        if (code === null) return;
        confirming = confirmPairingAsOwner(to, code.code, {
          expectedWords: code.words,
          everything: true,
        });
        confirming.catch(() => one.kill("SIGTERM"));
      });
    }
    const ended = await new Promise((resolve) => one.on("close", resolve));
    await confirming;
    if (ended !== 0) throw new Error(`the PC could not be paired: ${said.at(-1)}`);
  }
}

/** Accepts a passkey at the PC, by its own command. */
export async function acceptApprover(
  options: Pick<PcOptions, "cli" | "time"> & { configDir: string },
  passkey: { credentialId: string; publicKey: string },
): Promise<void> {
  const words = approverFingerprint(new Uint8Array(Buffer.from(passkey.publicKey, "base64url")));
  const child = spawn(
    process.execPath,
    [
      ...["--import", fromRoot("test/chaos/orders/fast-node.ts"), options.cli],
      ...["--config-dir", options.configDir, "approvers", "add"],
      ...["--credential", passkey.credentialId, "--public-key", passkey.publicKey],
      ...["--accept-approver", words],
    ],
    {
      env: { PATH: process.env.PATH ?? "", CHAOS_TIME: options.time },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error("the passkey was not accepted at the PC");
}

export function tally(words: readonly string[]): Record<string, number> {
  const times: Record<string, number> = {};
  for (const word of words) times[word] = (times[word] ?? 0) + 1;
  return times;
}

function userCode(line: string): { code: string; words: string[] } | null {
  if (!line.startsWith("{")) return null;
  const said: unknown = JSON.parse(line);
  if (typeof said !== "object" || said === null) return null;
  if (!("event" in said) || said.event !== "code" || !("user_code" in said)) return null;
  const words = "fingerprint" in said && Array.isArray(said.fingerprint) ? said.fingerprint : [];
  return { code: String(said.user_code), words: words.map(String) };
}
