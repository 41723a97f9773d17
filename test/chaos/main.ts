import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { freePort } from "../../scripts/lib/ports.ts";
import { generateSecrets } from "../../scripts/lib/secrets.ts";
import type { Pairing } from "../../sidecar/src/config/pairing-file.ts";
import { buildRelayWorker, TEST_ACCOUNT } from "../support/relay/gateway.ts";
import { startProxy } from "../support/relay/loopback-proxy.ts";
import { seededRandom } from "../support/relay/random.ts";
import { until } from "../support/relay/until.ts";
import { FAULTS, pickFault, type Stage } from "./faults.ts";
import type { GatewayArgs } from "./gateway-process.ts";
import { type LineProcess, startLines } from "./lines.ts";
import { startLoad } from "./load.ts";
import { recoveriesOf } from "./recoveries.ts";
import type { SidecarArgs } from "./sidecar-process.ts";
import { isClean, judge, type StoredWrite } from "./verdict.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    /** Instead of a time: this many cuts, as fast as the line comes back. */
    disconnects: { type: "string" },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const disconnects = values.disconnects === undefined ? null : Number(values.disconnects);
if (!(minutes > 0) || !Number.isInteger(seed) || (disconnects !== null && !(disconnects > 0))) {
  console.error("usage: npm run chaos -- [--minutes N | --disconnects N] [--seed S]");
  process.exit(2);
}

const random = seededRandom(seed);
const folder = mkdtempSync(join(tmpdir(), "ibkr-edge-gateway-chaos-"));
const configDir = join(folder, "sidecar");
mkdirSync(configDir, { mode: 0o700 });
const marks = join(folder, "marks");
const journaled = join(folder, "journaled");
for (const file of [marks, journaled]) writeFileSync(file, "");
const worker = await buildRelayWorker();
const port = await freePort();
const secrets = await generateSecrets();
const proxy = await startProxy(() => port);
const url = `http://localhost:${port}`;
const lastEvent = 0;
let sidecarStarts = 0;
let maxRss = 0;
let gatewayErrors = 0;
let journalRefusals = 0;

async function startGateway(): Promise<LineProcess> {
  const args: GatewayArgs = {
    bundle: { directory: worker.directory, main: worker.main },
    port,
    proxyPort: proxy.port,
    dataDir: join(folder, "worker"),
    secrets,
  };
  const started = startLines(fromRoot("test/chaos/gateway-process.ts"), args);
  started.on((message) => {
    if (message.kind !== "log") return;
    gatewayErrors += 1;
    if (process.env.CHAOS_VERBOSE) console.error(message);
  });
  await started.hear("ready", 60_000);
  return started;
}

function startSidecar(pairing: Pairing | null, clockOffsetMs: number): LineProcess {
  sidecarStarts += 1;
  const args: SidecarArgs = {
    configDir,
    pairing,
    marks,
    journaled,
    firstEvent: lastEvent + sidecarStarts * 1_000_000,
    clockOffsetMs,
    maxPages: 800,
    eager: disconnects !== null,
  };
  return startLines(fromRoot("test/chaos/sidecar-process.ts"), args);
}

let gateway = await startGateway();
const keyOnly = startSidecar(null, 0);
const { publicKey } = await keyOnly.hear<{ publicKey: string }>("key");
gateway.tell({ kind: "pair", publicKey });
const { pairing } = await gateway.hear<{ pairing: Pairing }>("paired");
pairing.relay_url = pairing.relay_url.replace(/:\d+/, `:${proxy.port}`);
let sidecar = startSidecar(pairing, 0);
await until(async () => await canRead(), "the first connection", {
  timeoutMs: 30_000,
  everyMs: 50,
});

const stage: Stage = {
  proxy,
  random,
  gateway: () => gateway,
  sidecar: () => sidecar,
  patient: minutes >= 5,
  async evict(sockets) {
    await load.pause();
    try {
      const answer = gateway.hear<{ ok: boolean }>("evicted", 60_000);
      gateway.tell({ kind: "evict", sockets });
      if (!(await answer).ok) throw new Error("the object could not be evicted");
    } finally {
      load.resume();
    }
  },
  async abort() {
    await fetch(`${url}/__test`, {
      method: "POST",
      body: JSON.stringify({ account: TEST_ACCOUNT, method: "testAbort", args: [] }),
    }).catch(() => undefined);
  },
  async restartGateway() {
    await gateway.kill();
    gateway = await startGateway();
  },
  async restartSidecar(clockOffsetMs) {
    await sidecar.kill();
    sidecar = startSidecar(pairing, clockOffsetMs);
  },
};

const load = startLoad(url, TEST_ACCOUNT, random);
const emitting = setInterval(() => sidecar.tell({ kind: "emit", count: 1, bytes: 50 }), 120);
const faults: Record<string, number> = {};
/** From the moment a fault was over until a read went through again; what the fault itself took; both by kind. */
const recoveries: { fault: string; ms: number; lastedMs: number }[] = [];
const began = Date.now();

if (disconnects === null) await chaos();
else await cuts(disconnects);

clearInterval(emitting);
await load.stop();
await settleDown();
const verdict = judge({
  asked: load.asked,
  hung: load.hung,
  stored: await rows<StoredWrite>("SELECT job_id, record, settled_at FROM relay_jobs"),
  marks: linesOf(marks),
  journaled: linesOf(journaled).map(Number),
  applied: (
    await rows<{ generation: string }>(
      `SELECT json_extract(event, '$.meta.generation') AS generation FROM audit_log
       WHERE json_extract(event, '$.type') = 'broker.session' ORDER BY seq`,
    )
  ).map(({ generation }) => Number(generation)),
});
const recovery = recoveriesOf(recoveries);
const report = {
  seed,
  seconds: Math.round((Date.now() - began) / 1000),
  faults,
  ...verdict,
  ...recovery,
  sidecar: {
    starts: sidecarStarts - 1,
    max_rss_mib: Math.round(maxRss / 1_048_576),
    journal_commits_refused: journalRefusals,
  },
  gateway_errors_logged: gatewayErrors,
  clean: isClean(verdict),
};
console.log(JSON.stringify(report, null, 2));

sidecar.child.kill("SIGTERM");
await sidecar.kill();
await gateway.stop();
await proxy.close();
await worker.remove();
if (report.clean) rmSync(folder, { recursive: true, force: true });
else console.error(`the evidence is kept in ${folder}`);
process.exit(report.clean ? 0 : 1);

async function chaos(): Promise<void> {
  while (Date.now() - began < minutes * 60_000) {
    // Mostly in close succession, and now and then long enough for the sidecar's patience to reset.
    await sleep(random.below(4) === 0 ? 11_000 : 200 + random.below(1_500));
    const name = pickFault(random);
    const started = performance.now();
    try {
      await FAULTS[name]?.do(stage);
      faults[name] = (faults[name] ?? 0) + 1;
    } catch (error) {
      // Only what really happened is counted.
      const missed = `could not ${name}`;
      faults[missed] = (faults[missed] ?? 0) + 1;
      if (process.env.CHAOS_VERBOSE) console.error(String(error));
    }
    const over = performance.now();
    await until(canRead, `a read after "${name}"`, { timeoutMs: 120_000, everyMs: 20 });
    recoveries.push({ fault: name, ms: performance.now() - over, lastedMs: over - started });
    await look();
  }
}

async function cuts(wanted: number): Promise<void> {
  faults["cut the line"] = 0;
  const line = connections(sidecar);
  while ((faults["cut the line"] ?? 0) < wanted) {
    const back = line.next();
    const started = performance.now();
    proxy.cut();
    faults["cut the line"] = (faults["cut the line"] ?? 0) + 1;
    await back;
    recoveries.push({ fault: "cut the line", ms: performance.now() - started, lastedMs: 0 });
    await sleep(random.below(20));
    if ((faults["cut the line"] ?? 0) % 500 === 0) await look();
  }
}

/** The sidecar's connections, one after the other, none of them missed. */
function connections(process: LineProcess) {
  let seen = 0;
  let wanted: (() => void) | null = null;
  process.on((message) => {
    if (!("state" in message) || message.state !== "live" || !("dial" in message)) return;
    if (typeof message.dial !== "number" || message.dial <= seen) return;
    seen = message.dial;
    wanted?.();
  });
  return {
    /** Resolves at the next connection that goes live. */
    next: () =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no connection for a minute")), 60_000);
        wanted = () => {
          wanted = null;
          clearTimeout(timer);
          resolve();
        };
      }),
  };
}

/** Whether the whole chain answers. */
async function canRead(): Promise<boolean> {
  try {
    const response = await fetch(`${url}/__test`, {
      method: "POST",
      body: JSON.stringify({
        account: TEST_ACCOUNT,
        method: "testJob",
        args: [{ jobId: ulid(Date.now()), operation: "test.read", input: {}, deadlineMs: 1_000 }],
      }),
      signal: AbortSignal.timeout(3_000),
    });
    const answer = (await response.json()) as { ok?: boolean };
    return answer.ok === true;
  } catch {
    return false;
  }
}

interface SidecarSays {
  unacked: number;
  unjournaled: number;
  running: number;
  rss: number;
  /** Commits that the journal refused. */
  full: number;
}

async function look(): Promise<SidecarSays> {
  const answer = sidecar.hear<SidecarSays>("state", 10_000);
  sidecar.tell({ kind: "state" });
  const said = await answer;
  maxRss = Math.max(maxRss, said.rss);
  journalRefusals = Math.max(journalRefusals, said.full);
  return said;
}

/** The line is whole: everything that is still to be said gets its time. */
async function settleDown(): Promise<void> {
  proxy.refuse(false);
  proxy.stall(false);
  await until(canRead, "the end", { timeoutMs: 120_000, everyMs: 50 });
  await until(
    async () => {
      const { unacked, unjournaled, running } = await look();
      const [open] = await rows<{ n: number }>(
        "SELECT COUNT(*) AS n FROM relay_jobs WHERE settled_at IS NULL",
      );
      return unacked + unjournaled + running + (open?.n ?? 0) === 0;
    },
    "all writes settled and all events acknowledged",
    { timeoutMs: 90_000, everyMs: 500 },
  ).catch((error: unknown) => console.error(String(error)));
}

async function rows<Row>(query: string): Promise<Row[]> {
  const answer = gateway.hear<{ rows: Row[] }>("rows");
  gateway.tell({ kind: "sql", query });
  return (await answer).rows;
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}
