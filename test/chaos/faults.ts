import { setTimeout as sleep } from "node:timers/promises";
import type { LoopbackProxy } from "../support/relay/loopback-proxy.ts";
import type { SeededRandom } from "../support/relay/random.ts";
import type { LineProcess } from "./lines.ts";

/** What the faults are done to. */
export interface Stage {
  readonly proxy: LoopbackProxy;
  readonly random: SeededRandom;
  gateway(): LineProcess;
  sidecar(): LineProcess;
  /** With nothing in flight: an object with work is not put to sleep. Throws when it could not be. */
  evict(sockets: "hibernate" | "close"): Promise<void>;
  /** Resets the object in the middle of its work. */
  abort(): Promise<void>;
  restartGateway(): Promise<void>;
  restartSidecar(clockOffsetMs: number): Promise<void>;
  /** The run is long enough for a fault that takes a minute. */
  readonly patient: boolean;
}

export type Fault = (stage: Stage) => Promise<void>;

let longStalls = 0;

/** Everything that goes wrong, by name. Each leaves the world able to heal by itself. */
export const FAULTS: Readonly<Record<string, { weight: number; do: Fault }>> = {
  "kill the Worker": { weight: 1, do: ({ restartGateway }) => restartGateway() },
  "evict the object, sockets kept": {
    weight: 3,
    do: ({ evict }) => evict("hibernate"),
  },
  "evict the object, sockets broken": {
    weight: 3,
    do: ({ evict }) => evict("close"),
  },
  "reset the object at work": { weight: 3, do: ({ abort }) => abort() },
  "kill the sidecar": { weight: 2, do: ({ restartSidecar }) => restartSidecar(0) },
  "skew the sidecar's clock": {
    weight: 1,
    do: ({ restartSidecar, random }) =>
      restartSidecar((random.below(2) === 0 ? 1 : -1) * (1 + random.below(12)) * 3_600_000),
  },
  "cut the line": { weight: 6, do: async ({ proxy }) => proxy.cut() },
  "cut the line three times": {
    weight: 2,
    do: async ({ proxy, random }) => {
      for (let n = 0; n < 3; n += 1) {
        proxy.cut();
        await sleep(random.below(250));
      }
    },
  },
  "stall the line": {
    weight: 3,
    do: async ({ proxy, random, patient }) => {
      proxy.stall(true);
      const long = patient && longStalls === 0;
      if (long) longStalls += 1;
      await sleep(long ? 50_000 : 200 + random.below(3_500));
      proxy.stall(false);
      // Bytes of a stalled line may be stale by hours; here they arrive after all.
    },
  },
  "half-open the line": {
    weight: 1,
    do: async ({ proxy, random }) => {
      proxy.halfOpen();
      await sleep(500 + random.below(2_500));
      proxy.cut();
    },
  },
  "refuse to be dialled": {
    weight: 2,
    do: async ({ proxy, random }) => {
      proxy.refuse(true);
      proxy.cut();
      await sleep(300 + random.below(1_500));
      proxy.refuse(false);
    },
  },
  "fill the journal": {
    weight: 1,
    do: async ({ proxy, sidecar, random }) => {
      proxy.refuse(true);
      proxy.cut();
      sidecar().tell({ kind: "emit", count: 120, bytes: 30_000 });
      await sleep(800 + random.below(800));
      proxy.refuse(false);
    },
  },
};

export function pickFault(random: SeededRandom): string {
  const total = Object.values(FAULTS).reduce((sum, { weight }) => sum + weight, 0);
  let at = random.next() * total;
  for (const [name, { weight }] of Object.entries(FAULTS)) {
    at -= weight;
    if (at < 0) return name;
  }
  return "cut the line";
}
