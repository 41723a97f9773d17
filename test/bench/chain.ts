import { VERIFIED_TOKEN_MS } from "../../src/web/limits.ts";
import { type Measured, measure, round, type Target } from "./load.ts";
import { descendants, processorMs, startProcess } from "./processes.ts";
import type { Bench } from "./setup.ts";
import { answerOf, directPositions, toolCall } from "./targets.ts";

const CONCURRENCIES = [1, 16, 64];
const COUNTED_CALLS = 100;
const TIMED_CALLS = 2_000;
const NAMES = ["full_chain", "object_only", "direct_to_simulator", "bare_sdk_server"] as const;
type Latency = Record<(typeof NAMES)[number], Measured[]>;

/** The same read through everything, beside parts of the way and beside a bare SDK server. */
export async function benchChain(bench: Bench, calls: number) {
  const account_id = firstAccount(await answerOf(tool(bench, "ibkr_accounts_list", {})));
  const read = () => tool(bench, "ibkr_positions_list", { account_id });
  const cost_per_read = await countCost(bench, read());
  await bench.restart(false);

  const bare = await startProcess("bare-server.ts", JSON.stringify(await answerOf(read())));
  try {
    const targets = {
      full_chain: read(),
      object_only: tool(bench, "ibkr_backend_status", {}),
      direct_to_simulator: directPositions(bench.simulatorUrl, account_id),
      bare_sdk_server: toolCall(`http://127.0.0.1:${bare.said}`, null, "ibkr_positions_list", {
        account_id,
      }),
    };
    const latency: Latency = {
      full_chain: [],
      object_only: [],
      direct_to_simulator: [],
      bare_sdk_server: [],
    };
    for (const concurrency of CONCURRENCIES) {
      for (const name of NAMES) {
        const count = calls * Math.min(4, concurrency);
        latency[name].push(await measure(targets[name], concurrency, count));
      }
    }
    return {
      what: {
        full_chain:
          "ibkr_positions_list: bearer, scope, audit, relay, sidecar; its answer is kept 3 s",
        object_only: "ibkr_backend_status: bearer, scope, audit; answered by the account object",
        direct_to_simulator: "the same positions asked of the simulator over HTTPS",
        bare_sdk_server:
          "MCP SDK server on Node, the same tools registered, the same answer, nothing else",
      },
      latency,
      ratios: CONCURRENCIES.map((concurrency, at) => ratios(latency, concurrency, at)),
      cost_per_read,
      processor_ms_per_read: await processorTime(bench, bare.pid, targets),
    };
  } finally {
    await bare.stop();
  }
}

/**
 * Processor time of one read at c = 8, by process, counted by the system over many reads. Worker and
 * object are one process here. The bare server's beside them, as the floor in the same run.
 */
async function processorTime(
  bench: Bench,
  barePid: number,
  {
    full_chain,
    bare_sdk_server,
  }: Pick<Record<(typeof NAMES)[number], Target>, "full_chain" | "bare_sdk_server">,
) {
  const [edge] = descendants(process.pid, "workerd").slice(-1);
  if (edge === undefined) return null;
  const used = (pid: number) => processorMs(pid) ?? Number.NaN;
  const [edgeBefore, homeBefore] = [used(edge), used(bench.sidecarPid)];
  await measure(full_chain, 8, TIMED_CALLS);
  const [edgeAfter, homeAfter] = [used(edge), used(bench.sidecarPid)];
  const bareBefore = used(barePid);
  await measure(bare_sdk_server, 8, TIMED_CALLS);
  return {
    worker_and_object: round((edgeAfter - edgeBefore) / TIMED_CALLS, 3),
    sidecar: round((homeAfter - homeBefore) / TIMED_CALLS, 3),
    bare_sdk_server: round((used(barePid) - bareBefore) / TIMED_CALLS, 3),
  };
}

function tool(bench: Bench, name: string, args: Record<string, string>) {
  return toolCall(bench.gateway.url, bench.token, name, args);
}

function ratios(latency: Latency, concurrency: number, at: number) {
  const [chain, object, direct, bare] = NAMES.map((name) => latency[name][at]);
  if (!chain || !object || !direct || !bare) throw new Error("a measurement is missing");
  return {
    concurrency,
    throughput_vs_bare_sdk: round(chain.calls_per_s / bare.calls_per_s, 2),
    throughput_vs_direct: round(chain.calls_per_s / direct.calls_per_s, 2),
    relay_overhead_p50_ms: round(chain.p50_ms - object.p50_ms),
    relay_overhead_p99_ms: round(chain.p99_ms - object.p99_ms),
    chain_over_direct_p50_ms: round(chain.p50_ms - direct.p50_ms),
  };
}

/** Exact counts over many reads in a row, and after the audit log was copied to D1. */
async function countCost(bench: Bench, read: ReturnType<typeof toolCall>) {
  const counts = async () => {
    const response = await fetch(`${bench.gateway.url}/__counts`);
    return (await response.json()) as Record<string, number>;
  };
  const d1 = await bench.gateway.d1();
  const shipped = async () =>
    (await d1.prepare("SELECT COUNT(*) AS rows FROM audit_events").first<number>("rows")) ?? 0;
  const settle = async () => {
    let before = -1;
    let now = await shipped();
    while (before !== now) {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      before = now;
      now = await shipped();
    }
    return now;
  };
  await answerOf(read);
  const rowsBefore = await settle();
  await counts();
  for (let n = 0; n < COUNTED_CALLS; n++) await answerOf(read);
  const during = await counts();
  const rowsAfter = await settle();
  const afterwards = await counts();
  // By now nobody takes the token at its word any more.
  await new Promise((resolve) => setTimeout(resolve, VERIFIED_TOKEN_MS));
  await counts();
  await answerOf(read);
  const first = await counts();
  const per = (value: number | undefined) => round((value ?? 0) / COUNTED_CALLS, 3);
  return {
    calls: COUNTED_CALLS,
    worker_requests: per(during.worker_requests),
    object_requests: per(during.object_requests),
    object_rows_written: per(during.rows_written),
    object_rows_read: per(during.rows_read),
    object_statements: per(during.object_statements),
    kv_reads: per(during.kv_reads),
    kv_writes: per(during.kv_writes),
    kv_reads_of_a_first_call: first.kv_reads ?? 0,
    d1_statements: per(during.d1_statements),
    d1_rows: per(rowsAfter - rowsBefore),
    copying_the_log_in_all: {
      object_rows_written:
        (during.rows_written_copying ?? 0) + (afterwards.rows_written_copying ?? 0),
      alarms_set: (during.alarms_set ?? 0) + (afterwards.alarms_set ?? 0),
    },
  };
}

function firstAccount(accounts: Record<string, unknown>): string {
  const [first] = Array.isArray(accounts.accounts) ? accounts.accounts : [];
  if (typeof first?.account_id !== "string") throw new Error("the simulator has no account");
  return first.account_id;
}
