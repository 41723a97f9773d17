import { readFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { gzipSync } from "node:zlib";
import { benchAccess } from "./access.ts";
import { aimsOf } from "./aims.ts";
import { benchBroker } from "./broker.ts";
import { benchChain } from "./chain.ts";
import { benchClient } from "./client.ts";
import { benchEvidence } from "./evidence.ts";
import { round } from "./load.ts";
import { benchOrders } from "./orders.ts";
import { benchPolicy } from "./policy.ts";
import { privateMib, residentMib } from "./processes.ts";
import { benchRelay } from "./relay.ts";
import { setUp } from "./setup.ts";
import { startupMs } from "./startup.ts";
import { benchSubmit } from "./submit.ts";

export interface BenchOptions {
  /** Calls per measurement at c = 1; more connections make proportionally more, up to four times. */
  calls: number;
  /** Sidecars that are connected at once; 0 leaves that measurement out. */
  swarm: number;
}

/** Runs every measurement and returns the report; progress goes to standard error. */
export async function runBench({ calls, swarm }: BenchOptions): Promise<object> {
  const load_before = loadavg()[0];
  const bench = await setUp();
  try {
    const idle = { rss: residentMib(bench.sidecarPid), own: privateMib(bench.sidecarPid) };
    say("orders");
    const orders = {
      submit: benchSubmit(),
      policy: benchPolicy(),
      whole_orders: await benchOrders(bench),
    };
    say("the chain");
    const chain = await benchChain(bench, calls);
    const weight = {
      bundle_gzip_kib: round(gzipSync(await readFile(bench.bundle.main)).length / 1024, 1),
      startup_active_ms: await startupMs(),
      sidecar_rss_idle_mib: round(idle.rss, 1),
      // The rest is Node's own program, mapped from its file.
      sidecar_private_idle_mib: idle.own === null ? null : round(idle.own, 1),
      sidecar_rss_after_load_mib: round(residentMib(bench.sidecarPid), 1),
    };
    say("the client");
    const client = await benchClient(bench);
    say("the relay");
    const relay = await benchRelay(bench.bundle, calls, swarm);
    say("access");
    const access = await benchAccess(bench.bundle, calls);
    say("the evidence");
    const evidence = await benchEvidence(bench.bundle);
    say("the broker side");
    const broker = await benchBroker();
    const report = {
      measured_at: new Date().toISOString(),
      how: "workerd by Miniflare, over its own socket; state on this machine's disk",
      machine: {
        cpus: cpus().length,
        cpu: cpus()[0]?.model ?? "unknown",
        node: process.version,
        load_before,
      },
      chain,
      weight,
      relay,
      access,
      orders,
      evidence,
      broker,
      client,
    };
    return { aims: aimsOf(JSON.parse(JSON.stringify(report))), ...report };
  } finally {
    await bench.close();
  }
}

function say(text: string): void {
  console.error(`measuring: ${text}`);
}
