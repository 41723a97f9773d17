import { patchSqlite } from "./disk.ts";
import { enterWorld, installGlobals, wallNow } from "./globals.ts";
import type { ObjectClass } from "./object-host.ts";
import { planWorld, type WorldPlan } from "./plan.ts";
import { type Report, type RunOptions, runWorld } from "./run.ts";
import { actor, Scheduler } from "./scheduler.ts";
import { makeTemplate, START, type Template } from "./template.ts";
import { isDeath } from "./world.ts";

/** What a range of seeds came to. */
export interface Tally {
  worlds: number;
  lives: number;
  /** Lives whose order was let out by the object. */
  submitted: number;
  ordersAtBroker: number;
  steps: number;
  /** Of everything that ran, in its order. */
  digest: number;
  troubles: Record<string, number>;
  met: Record<string, number>;
  states: Record<string, number>;
  /** How lives ended that came to no order. */
  stopped: Record<string, number>;
}

export const emptyTally = (): Tally => ({
  worlds: 0,
  lives: 0,
  submitted: 0,
  ordersAtBroker: 0,
  steps: 0,
  digest: 0,
  troubles: {},
  met: {},
  states: {},
  stopped: {},
});

let prepared: { template: Template; Account: ObjectClass } | null = null;

/** Takes the process over for simulation and makes what every world begins with. */
export async function prepare(): Promise<{ template: Template; Account: ObjectClass }> {
  if (prepared !== null) return prepared;
  installGlobals();
  patchSqlite();
  process.on("unhandledRejection", (thrown) => {
    if (!isDeath(thrown)) throw thrown;
  });
  enterWorld(new Scheduler(START, actor("setup")), 0);
  const template = makeTemplate();
  // Its types are the platform's; here it is only run.
  const path = "../../durable-objects/account.ts";
  const { Account } = await import(path);
  prepared = { template, Account };
  return prepared;
}

export async function play(
  plan: WorldPlan,
  more: Pick<RunOptions, "untilStep" | "onLog"> = {},
): Promise<Report> {
  return runWorld(plan, { ...(await prepare()), ...more });
}

const count = (into: Record<string, number>, key: string, by = 1): void => {
  into[key] = (into[key] ?? 0) + by;
};

export function addTo(tally: Tally, report: Report): void {
  tally.worlds += 1;
  tally.lives += report.lives.length;
  tally.steps += report.steps;
  tally.digest = (Math.imul(tally.digest, 31) + report.digest) >>> 0;
  tally.ordersAtBroker += report.ordersAtBroker;
  for (const [kind, times] of report.troubles) count(tally.troubles, kind, times);
  for (const one of report.met) count(tally.met, one);
  for (const state of report.states) count(tally.states, state);
  for (const life of report.lives) {
    if (life.orderRef !== null) tally.submitted += 1;
    else count(tally.stopped, life.stopped ?? `not over: ${life.reached}`);
  }
}

export interface Range {
  seed: number;
  /** At least so many lives, in whole worlds. */
  lives: number;
  perWorld: number;
  /** No new world begins after so much of the wall's time; null: no bound. */
  seconds: number | null;
}

/** Plays worlds one after the other, to the first violation. */
export async function playRange(
  range: Range,
  onWorld: (report: Report, plan: WorldPlan) => void = () => {},
): Promise<{
  tally: Tally;
  failed: { report: Report; plan: WorldPlan } | null;
  nextSeed: number;
  ms: number;
}> {
  await prepare();
  const begun = wallNow();
  const tally = emptyTally();
  let { seed } = range;
  while (tally.lives < range.lives) {
    if (range.seconds !== null && wallNow() - begun > range.seconds * 1_000) break;
    const plan = planWorld(seed, Math.min(range.perWorld, range.lives - tally.lives));
    const report = await play(plan);
    addTo(tally, report);
    onWorld(report, plan);
    if (report.violation !== null) {
      return { tally, failed: { report, plan }, nextSeed: seed, ms: wallNow() - begun };
    }
    seed += 1;
  }
  return { tally, failed: null, nextSeed: seed, ms: wallNow() - begun };
}

/** Leaves out what the same violation does not need: troubles first, then whole lives. */
export async function shrink(
  plan: WorldPlan,
  invariant: string,
  triesMax = 200,
): Promise<{ plan: WorldPlan; report: Report }> {
  let best = plan;
  let report = await play(plan);
  let tries = 0;
  const better = async (smaller: WorldPlan): Promise<boolean> => {
    tries += 1;
    const again = await play(smaller);
    if (again.violation?.invariant !== invariant) return false;
    best = smaller;
    report = again;
    return true;
  };
  for (let size = Math.max(best.troubles.length, best.lives.length); size >= 1; size >>= 1) {
    for (const what of ["troubles", "lives"] as const) {
      for (let from = 0; from < best[what].length && tries < triesMax; ) {
        const kept = best[what].filter((_, at) => at < from || at >= from + size);
        if (what === "lives" && kept.length === 0) break;
        if (!(await better({ ...best, [what]: kept }))) from += size;
      }
    }
  }
  for (const simpler of [
    { stream: false },
    { questions: 0 },
    { latencyMs: [2, 30] as [number, number] },
  ]) {
    if (tries < triesMax) await better({ ...best, ...simpler });
  }
  return { plan: best, report };
}
