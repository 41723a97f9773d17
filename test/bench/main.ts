import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { gzipSync } from "node:zlib";
import { type Measured, measure, round } from "./load.ts";
import { residentMib, startProcess } from "./processes.ts";
import { type Bench, setUp } from "./setup.ts";
import { startupMs } from "./startup.ts";
import { answerOf, directPositions, toolCall } from "./targets.ts";

const CONCURRENCIES = [1, 16, 64];
const COUNTED_CALLS = 100;

export interface BenchOptions {
  /** Calls per measurement at c = 1; more connections make proportionally more, up to four times. */
  calls: number;
}

/** Runs every measurement and returns the report; progress goes to standard error. */
export async function runBench({ calls }: BenchOptions): Promise<object> {
  const bench = await setUp();
  try {
    const accounts = await answerOf(
      toolCall(bench.gateway.url, bench.token, "ibkr_accounts_list", {}),
    );
    const account_id = firstAccount(accounts);
    const read = () =>
      toolCall(bench.gateway.url, bench.token, "ibkr_positions_list", { account_id });

    say("counting what one read costs");
    const cost = await countCost(bench, read());
    await bench.restart(false);

    const answer = JSON.stringify(await answerOf(read()));
    const bare = await startProcess("bare-server.ts", answer);
    try {
      const targets = {
        full_chain: read(),
        object_only: toolCall(bench.gateway.url, bench.token, "ibkr_backend_status", {}),
        direct_to_simulator: directPositions(bench.simulatorUrl, account_id),
        bare_sdk_server: toolCall(`http://127.0.0.1:${bare.said}`, null, "ibkr_positions_list", {
          account_id,
        }),
      };
      const latency: Record<keyof typeof targets, Measured[]> = {
        full_chain: [],
        object_only: [],
        direct_to_simulator: [],
        bare_sdk_server: [],
      };
      for (const concurrency of CONCURRENCIES) {
        for (const name of [
          "full_chain",
          "object_only",
          "direct_to_simulator",
          "bare_sdk_server",
        ] as const) {
          say(`${name}, c = ${concurrency}`);
          const count = calls * Math.min(4, concurrency);
          latency[name].push(await measure(targets[name], concurrency, count));
        }
      }
      return {
        measured_at: new Date().toISOString(),
        machine: { cpus: cpus().length, cpu: cpus()[0]?.model ?? "unknown", node: process.version },
        what: {
          full_chain:
            "ibkr_positions_list: bearer, scope, audit, relay, sidecar; its answer is kept 3 s",
          object_only: "ibkr_backend_status: bearer, scope, audit; answered by the account object",
          direct_to_simulator: "the same positions asked of the simulator over HTTPS",
          bare_sdk_server:
            "MCP SDK server on Node, the same tools registered, the same answer, nothing else",
        },
        latency,
        ratios: ratios(latency),
        cost_per_read: cost,
        bundle_gzip_kib: round(gzipSync(await readFile(bench.bundle.main)).length / 1024, 1),
        startup_active_ms: await startupMs(),
        sidecar_rss_mib: round(residentMib(bench.sidecarPid), 1),
      };
    } finally {
      await bare.stop();
    }
  } finally {
    await bench.close();
  }
}

function ratios(latency: Record<string, Measured[]>) {
  return CONCURRENCIES.map((concurrency, at) => {
    const { full_chain, object_only, direct_to_simulator, bare_sdk_server } = latency;
    const chain = full_chain?.[at];
    const bare = bare_sdk_server?.[at];
    const direct = direct_to_simulator?.[at];
    const object = object_only?.[at];
    if (!chain || !bare || !direct || !object) throw new Error("a measurement is missing");
    return {
      concurrency,
      throughput_vs_bare_sdk: round(chain.calls_per_s / bare.calls_per_s, 2),
      throughput_vs_direct: round(chain.calls_per_s / direct.calls_per_s, 2),
      relay_overhead_p50_ms: round(chain.p50_ms - object.p50_ms),
      relay_overhead_p99_ms: round(chain.p99_ms - object.p99_ms),
      chain_over_direct_p50_ms: round(chain.p50_ms - direct.p50_ms),
    };
  });
}

/** Exact counts over many reads in a row, and after the audit log was copied to D1. */
async function countCost(bench: Bench, read: ReturnType<typeof toolCall>) {
  const counts = async () => {
    const response = await fetch(`${bench.gateway.url}/__counts`);
    return (await response.json()) as Record<string, number>;
  };
  const d1 = await bench.gateway.d1();
  const shipped = () =>
    d1.prepare("SELECT COUNT(*) AS rows FROM audit_events").first<number>("rows");
  const settle = async () => {
    for (let before = -1, now = (await shipped()) ?? 0; before !== now; ) {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      before = now;
      now = (await shipped()) ?? 0;
    }
    return (await shipped()) ?? 0;
  };
  await answerOf(read);
  const rowsBefore = await settle();
  await counts();
  for (let n = 0; n < COUNTED_CALLS; n++) await answerOf(read);
  const during = await counts();
  const rowsAfter = await settle();
  const afterwards = await counts();
  const per = (value: number | undefined) => round((value ?? 0) / COUNTED_CALLS, 3);
  return {
    calls: COUNTED_CALLS,
    object_requests: per(during.object_requests),
    object_rows_written: per(during.rows_written),
    kv_reads: per(during.kv_reads),
    kv_writes: per(during.kv_writes),
    d1_statements: per(during.d1_statements),
    d1_rows: per(rowsAfter - rowsBefore),
    shipping_afterwards: {
      object_rows_written: afterwards.rows_written ?? 0,
      alarms_set: (during.alarms_set ?? 0) + (afterwards.alarms_set ?? 0),
    },
  };
}

function firstAccount(accounts: Record<string, unknown>): string {
  const [first] = Array.isArray(accounts.accounts) ? accounts.accounts : [];
  if (typeof first?.account_id !== "string") throw new Error("the simulator has no account");
  return first.account_id;
}

function say(text: string): void {
  console.error(text);
}
