import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gatewayAccountIdOf } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { RECONNECT_STABLE_MS } from "@ibkr-edge-gateway/protocol/limits.ts";
import type { WorkerBundle } from "../../scripts/lib/bundle.ts";
import { type Gateway, launchGateway } from "../../scripts/lib/gateway.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { callAccount } from "./account-calls.ts";
import { measure, quantile, round, type Target } from "./load.ts";
import { type BenchProcess, descendantsRssMib, residentMib, startProcess } from "./processes.ts";

const NO_LIMIT = "10000000";
const CLIENT = "bench-client";
const GRANT = "bench-grant";
const SCOPE = "ibkr:health:read";
const CUTS = 5;
const IDLE_MS = 30_000;
/** The last head of the log is signed a minute after the last call. */
const SETTLED_MS = 70_000;

/** The relay by itself: account object, socket and the dialling end, with a broker that costs nothing. */
export async function benchRelay(bundle: WorkerBundle, calls: number, swarmSize: number) {
  const folder = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-relay-"));
  let gateway: Gateway | undefined;
  let swarm: BenchProcess | undefined;
  try {
    gateway = await launchGateway({
      bundle,
      entry: fromRoot("test/bench/open-worker.js"),
      vars: { CLIENT_CALLS_PER_MINUTE: NO_LIMIT, ACCOUNT_CALLS_PER_MINUTE: NO_LIMIT },
      rateLimits: { RELAY_LIMIT: Number(NO_LIMIT), SIGN_IN_LIMIT: Number(NO_LIMIT) },
    });
    const { url } = gateway;
    const { x } = JSON.parse(gateway.secrets.EDGE_IDENTITY_KEY) as { x: string };
    const accounts = await makeAccounts(gateway, swarmSize + 1);
    const [first = "", ...others] = accounts;
    const admission = {
      clientId: CLIENT,
      grantId: GRANT,
      clientName: "bench",
      redirectHost: "localhost",
      scopes: [SCOPE],
      atOnce: true,
    };
    await callAccount(url, first, "admitClient", [admission, "bench"]);
    swarm = await startProcess("swarm-process.ts", JSON.stringify({ url, edgeKey: x, folder }));
    const one = connectedIn(await swarm.ask(JSON.stringify({ accounts: [first] })));

    const status = accountTarget(url, first, "backendStatus", []);
    const read = accountTarget(url, first, "run", [readJob(first, "session.status")]);
    const alone = accountTarget(url, first, "relayed", ["session.status"]);
    const big = accountTarget(url, first, "run", [readJob(first, "notifications.list")]);
    const rpcAlone = await measure(status, 1, calls);
    const relayAlone = await measure(alone, 1, calls);
    const jobsPerSecond = await relayedPerSecond(url, first, calls * 10);
    const relayed = await measure(read, 1, calls);
    const relayed64 = await measure(read, 64, calls * 4);
    const bigResult = await measure(big, 1, Math.min(calls, 100));
    const reconnect = await reconnectMs(gateway, first, read);
    const woken = await wokenWhileIdle(url);
    const crowd = swarmSize === 0 ? null : await crowdOf(swarm, others);
    return {
      what: "session.status answered by the sidecar at once. The round trip is the job alone, without the call to the object around it; relayed_read is run(): standing, budget, job, audit leaf",
      object_rpc_alone: rpcAlone,
      relay_alone: relayAlone,
      relay_round_trip_p50_ms: round(relayAlone.p50_ms - rpcAlone.p50_ms),
      // Against the median of the call alone: what is slow in either counts here.
      relay_round_trip_p99_ms: round(relayAlone.p99_ms - rpcAlone.p50_ms),
      relay_jobs_per_s: jobsPerSecond,
      relayed_read: relayed,
      relayed_read_64: relayed64,
      one_mib_result: bigResult,
      first_connect_ms: round(one.ms, 1),
      reconnect_after_cut: reconnect,
      idle: woken,
      crowd,
    };
  } finally {
    await swarm?.stop();
    await gateway?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Jobs a second through one object, the caller's HTTP left out: all of them within one call. */
async function relayedPerSecond(url: string, account: string, jobs: number) {
  const rate = async (mutexes: number) => {
    const started = performance.now();
    const answer = await callAccount(url, account, "relayedMany", [
      "session.status",
      jobs,
      mutexes,
    ]);
    const seconds = (performance.now() - started) / 1000;
    if (JSON.stringify(answer) !== '{"ok":true}') throw new Error("a relayed job failed");
    return Math.round(jobs / seconds);
  };
  return { one_at_a_time: await rate(1), sixty_four_at_a_time: await rate(64) };
}

function readJob(accountId: string, operation: string) {
  return {
    tool: "bench",
    operation,
    input: {},
    principal: { accountId, clientId: CLIENT, grantId: GRANT, scopes: [SCOPE] },
    scope: SCOPE,
    requestId: "bench",
    deadlineMs: 10_000,
  };
}

function accountTarget(url: string, account: string, method: string, args: unknown[]): Target {
  return {
    url: `${url}/__account/${method}`,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ account, args }),
    check(status, body) {
      if (status !== 200 || body.startsWith('{"ok":false')) {
        throw new Error(`${method} answered ${status}: ${body.slice(0, 300)}`);
      }
    },
  };
}

async function makeAccounts(gateway: Gateway, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () =>
    gatewayAccountIdOf(crypto.getRandomValues(new Uint8Array(16))),
  );
  await (await gateway.d1())
    .prepare(
      `INSERT INTO accounts (id, role, created_at)
       SELECT value, 'member', '2026-11-20T00:00:00Z' FROM json_each(?1)`,
    )
    .bind(JSON.stringify(ids))
    .run();
  return ids;
}

/** From the moment the socket breaks until a read goes through again. */
async function reconnectMs(gateway: Gateway, account: string, read: Target) {
  const durations: number[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    // A session that lasted: one that is cut again and again is right to wait longer each time.
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_STABLE_MS + 500));
    // Awake, as an object is whose session matters to somebody.
    await callAccount(gateway.url, account, "backendStatus", []);
    await gateway.evict(account, "close");
    const started = performance.now();
    for (;;) {
      const response = await fetch(read.url, {
        method: read.method,
        headers: read.headers,
        ...(read.body === undefined ? {} : { body: read.body }),
      });
      if ((await response.text()).startsWith('{"ok":true')) break;
    }
    durations.push(performance.now() - started);
  }
  durations.sort((a, b) => a - b);
  return {
    cuts: CUTS,
    median_ms: round(quantile(durations, 0.5), 1),
    max_ms: round(durations.at(-1) ?? Number.NaN, 1),
  };
}

/** How often a paired, idle sidecar makes the object run: its pings must not. */
async function wokenWhileIdle(url: string) {
  const woken = async () =>
    (await (await fetch(`${url}/__woken`)).json()) as Record<string, number>;
  // What the last calls left to do (copy of the log, its signed head, acknowledgements) is done first.
  await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
  const before = await woken();
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const by = Object.entries(await woken()).map(([kind, count]) => [
    kind,
    count - (before[kind] ?? 0),
  ]);
  return {
    watched_ms: IDLE_MS,
    object_woken: by.reduce((sum, [, count]) => sum + Number(count), 0),
    by: Object.fromEntries(by),
  };
}

async function crowdOf(swarm: BenchProcess, accounts: string[]) {
  const edgeBefore = descendantsRssMib(process.pid, "workerd");
  const swarmBefore = residentMib(swarm.pid);
  const { ms } = connectedIn(await swarm.ask(JSON.stringify({ accounts })));
  return {
    sidecars: accounts.length,
    connects_per_s: Math.round(accounts.length / (ms / 1000)),
    edge_kib_per_session: round(
      ((descendantsRssMib(process.pid, "workerd") - edgeBefore) * 1024) / accounts.length,
      1,
    ),
    sidecar_kib_per_session: round(
      ((residentMib(swarm.pid) - swarmBefore) * 1024) / accounts.length,
      1,
    ),
  };
}

function connectedIn(line: string): { connected: number; ms: number } {
  return JSON.parse(line) as { connected: number; ms: number };
}
