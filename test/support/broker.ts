import diagnostics from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GatewayError, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  OPERATIONS,
  type OperationName,
  type Operations,
} from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import type { SimulatorOptions } from "@ibkr-edge-gateway/simulator/options.ts";
import { type RunningSimulator, startSimulator } from "@ibkr-edge-gateway/simulator/start.ts";
import type * as z from "zod";
import type { Clock } from "../../sidecar/src/client-portal/clock.ts";
import type { BrokerEvent } from "../../sidecar/src/client-portal/events/broker-event.ts";
import { createBroker } from "../../sidecar/src/run/broker.ts";
import type { Broker, BrokerOptions } from "../../sidecar/src/run/broker-interface.ts";

/**
 * The sidecar's broker side against the simulator, both on one virtual clock: time moves from timer
 * to timer, and after each step the network comes to rest before the next. So a night of back-offs
 * is a second of test, over real TLS and real sockets.
 */
export interface BrokerRig {
  sim: RunningSimulator;
  broker: Broker;
  /** Everything the broker side told, in order. */
  events: BrokerEvent[];
  /** What it logged, for searching secrets in. */
  log: string[];
  configDir: string;
  now(): number;
  advance(ms: number): Promise<void>;
  /** Moves time until this holds; fails after `withinMs`. */
  until(what: () => boolean, withinMs?: number): Promise<void>;
  ready(): Promise<void>;
  /** Runs an operation, moving time as it waits. Failures come back as `{failed}`. */
  run<N extends OperationName>(operation: N, input?: JsonObject): Promise<Outcome<N>>;
  /** The same where it must not fail. */
  ask<N extends OperationName>(operation: N, input?: JsonObject): Promise<Answered<N>>;
  /** Requests to a path, as the simulator logged them. */
  requestsTo(path: string | RegExp): { at: number; method: string; path: string; query: string }[];
  /** Ends the broker side and starts another on the same configuration, as a restart does. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export type Answered<N extends OperationName> = z.output<Operations[N]["output"]>;

export type Outcome<N extends OperationName> =
  | { ok: Answered<N>; failed?: undefined }
  | { ok?: undefined; failed: GatewayFailure };

/** The answer, or the failure as the test's own. */
export function answered<N extends OperationName>(outcome: Outcome<N>): Answered<N> {
  if (outcome.failed !== undefined) {
    throw new Error(`${outcome.failed.code}: ${outcome.failed.message}`);
  }
  return outcome.ok;
}

/** Requests of this process that have not ended, by their own identity: an end told twice is one end. */
const underWay = new Set<unknown>();
const requestOf = (message: unknown): unknown =>
  typeof message === "object" && message !== null && "request" in message ? message.request : null;
diagnostics.subscribe("undici:request:create", (message) => {
  underWay.add(requestOf(message));
});
for (const end of ["undici:request:trailers", "undici:request:error"]) {
  diagnostics.subscribe(end, (message) => {
    underWay.delete(requestOf(message));
  });
}

/**
 * What was given to the crypto threads and is not back. They are the one thing that does not advance
 * with this process's own loop: on a busy machine they may take longer than a minute of virtual time.
 */
let onThreads = 0;
for (const name of ["digest", "importKey", "sign", "verify"] as const) {
  const inner: unknown = SubtleCrypto.prototype[name];
  if (typeof inner !== "function") continue;
  Object.assign(SubtleCrypto.prototype, {
    async [name](this: unknown, ...given: unknown[]): Promise<unknown> {
      onThreads += 1;
      try {
        return await Reflect.apply(inner, this, given);
      } finally {
        onThreads -= 1;
      }
    },
  });
}

export async function startRig(
  options: SimulatorOptions & {
    simulated?: boolean;
    beforeStart?(sim: RunningSimulator): void;
    /** More for the broker side, made anew at each start. */
    around?(made: { configDir: string; clock: Clock }): Partial<BrokerOptions>;
  } = {},
): Promise<BrokerRig> {
  const { simulated, beforeStart, around, ...simOptions } = options;
  underWay.clear();
  const sim = await startSimulator(simOptions);
  beforeStart?.(sim);
  const configDir = mkdtempSync(join(tmpdir(), "ibkr-broker-"));
  const queue: { at: number; order: number; task: () => void }[] = [];
  let order = 0;
  const clock: Clock = {
    now: () => sim.control.now(),
    after: (ms, task) => {
      const entry = { at: sim.control.now() + Math.max(0, ms), order: order++, task };
      queue.push(entry);
      queue.sort((a, b) => a.at - b.at || a.order - b.order);
      return () => {
        const index = queue.indexOf(entry);
        if (index >= 0) queue.splice(index, 1);
      };
    },
  };

  /**
   * The network at rest. Both ends live in this process, so what was sent is read within a few turns
   * of its loop, however busy the machine is. What the simulator has taken in and answers a moment
   * of wall time later (a chart takes it 60 ms) is waited for; what it will never answer is not.
   */
  const settle = async (): Promise<void> => {
    const since = performance.now();
    let quiet = 0;
    for (let turn = 0; quiet < 4 && turn < 600; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = underWay.size === 0 && onThreads === 0 ? quiet + 1 : 0;
      while (onThreads > 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        turn = 0;
      }
      const working = sim.control
        .requests()
        .slice(-40)
        .some((one) => one.outcome === "pending");
      if (working && performance.now() - since < 2_000) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        turn = 0;
      }
    }
  };

  const advance = async (ms: number): Promise<void> => {
    const target = sim.control.now() + ms;
    await settle();
    for (;;) {
      const now = sim.control.now();
      const next = queue[0];
      const at = next === undefined ? target : Math.min(target, Math.max(next.at, now));
      if (at > now) await sim.control.advance(at - now);
      const due = queue.filter((entry) => entry.at <= sim.control.now());
      if (due.length === 0 && sim.control.now() >= target) return;
      for (const entry of due) {
        const index = queue.indexOf(entry);
        if (index < 0) continue;
        queue.splice(index, 1);
        entry.task();
      }
      await settle();
    }
  };

  const events: BrokerEvent[] = [];
  const log: string[] = [];
  const write = (facts: object, message: string): void => {
    log.push(
      `${message} ${JSON.stringify(facts, (_key, value) => (value instanceof Error ? value.stack : value))}`,
    );
  };
  const start = async (): Promise<Broker> => {
    const broker = await createBroker({
      baseUrl: sim.url,
      configDir,
      simulated: simulated ?? true,
      logger: { debug: write, info: write, warn: write, error: write },
      clock,
      random: () => 0.5,
      // The simulator resets by New York; the zone of the machine decides nothing here.
      resetZone: "America/New_York",
      ...around?.({ configDir, clock }),
    });
    broker.onEvent((event) => events.push(event));
    await settle();
    return broker;
  };

  const rig: BrokerRig = {
    sim,
    broker: await start(),
    events,
    log,
    configDir,
    now: () => sim.control.now(),
    advance,
    until: async (what, withinMs = 120_000) => {
      const limit = sim.control.now() + withinMs;
      await settle();
      while (!what()) {
        if (sim.control.now() >= limit)
          throw new Error(`not within ${withinMs} ms of virtual time`);
        const next = queue[0]?.at ?? limit;
        await advance(
          Math.min(limit - sim.control.now(), Math.max(1, next - sim.control.now()), 500),
        );
      }
    },
    ready: () => rig.until(() => rig.broker.session().state === "ready"),
    run: async <N extends OperationName>(operation: N, input: JsonObject = {}) => {
      let done = false;
      const work = rig.broker
        .execute({ operation, input, deadlineMs: 60_000, signal: new AbortController().signal })
        .then(
          // Parsed by the operation's own schema on the way out.
          (ok): Outcome<N> => ({ ok: OPERATIONS[operation].output.parse(ok) as Answered<N> }),
          (error: unknown): Outcome<N> => {
            if (error instanceof GatewayError) return { failed: error.failure };
            throw error;
          },
        )
        .finally(() => {
          done = true;
        });
      // It is awaited by the caller, below; meanwhile a failure must not count as unhandled.
      work.catch(() => {});
      await rig.until(() => done, 90_000);
      return work;
    },
    ask: async (operation, input) => answered(await rig.run(operation, input)),
    requestsTo: (path) =>
      sim.control
        .requests()
        .filter((entry) => (typeof path === "string" ? entry.path === path : path.test(entry.path)))
        .map(({ at, method, path: where, query }) => ({ at, method, path: where, query })),
    restart: async () => {
      await rig.broker.close();
      queue.length = 0;
      rig.broker = await start();
    },
    close: async () => {
      await rig.broker.close();
      await sim.close();
      rmSync(configDir, { recursive: true, force: true });
    },
  };
  return rig;
}
