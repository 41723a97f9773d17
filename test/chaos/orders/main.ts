import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildWorker } from "../../../scripts/lib/bundle.ts";
import { fromRoot } from "../../../scripts/lib/paths.ts";
import { buildSidecar } from "../../../scripts/lib/sidecar-build.ts";
import { startLines } from "../lines.ts";
import type { RoundArgs, RoundReport } from "./round.ts";

/**
 * `npm run chaos -- --orders 10000 --seed S`: orders in all the trouble there is. Each round is a
 * world of its own with real parts; rounds run side by side because a world that heals is idle.
 */
const { values } = parseArgs({
  options: {
    /** How many orders are asked for; or, instead, how many calls of a submit tool are made. */
    orders: { type: "string" },
    submissions: { type: "string" },
    seed: { type: "string", default: "1" },
    /** Milliseconds of the run in one of the wall. */
    speed: { type: "string", default: "20" },
    /** The first moment of the run's clock; a market's morning that lies ahead when absent. */
    starts: { type: "string" },
    /** Of one round at most: orders, or submissions. */
    round: { type: "string", default: "1000" },
    parallel: { type: "string", default: "3" },
    agents: { type: "string", default: "6" },
    /** Orders between two faults of the parts around the broker, about. */
    every: { type: "string", default: "25" },
    /** By the wall: for one round, and for all of them. */
    minutes: { type: "string", default: "12" },
    "total-minutes": { type: "string", default: "30" },
  },
});
const number = (text: string | undefined): number => Number(text ?? Number.NaN);
const byOrders = values.submissions === undefined;
const wanted = number(values.orders ?? values.submissions);
const seed = number(values.seed);
const speed = number(values.speed);
const perRound = number(values.round);
const starts = values.starts === undefined ? null : Date.parse(values.starts);
if (
  !(wanted > 0) ||
  !Number.isInteger(seed) ||
  !(speed >= 1) ||
  !(perRound > 0) ||
  Number.isNaN(starts)
) {
  console.error(
    "usage: npm run chaos -- --orders N | --submissions N [--seed S] [--speed X] [--starts TIME] [--round N] [--parallel N] [--agents N] [--every N] [--minutes N] [--total-minutes N]",
  );
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), "ibkr-edge-gateway-chaos-orders-"));
const bundle = await buildWorker(
  join(folder, "build", "worker"),
  fromRoot("test/chaos/orders/worker/entry.ts"),
);
const cli = await buildSidecar(join(folder, "build", "sidecar"));
const sizes = Array.from({ length: Math.ceil(wanted / perRound) }, (_, n) =>
  Math.min(perRound, wanted - n * perRound),
);
const began = Date.now();
const lastCall = began + number(values["total-minutes"]) * 60_000;
const asked: number[] = sizes.map(() => 0);
const submitted: number[] = sizes.map(() => 0);
const total = (each: readonly number[]): number => each.reduce((all, one) => all + one, 0);
const reports: RoundReport[] = [];
const failures: string[] = [];
const progress = setInterval(() => {
  const seconds = Math.round((Date.now() - began) / 1_000);
  console.error(
    `${seconds} s: ${total(asked)} orders asked by ${total(submitted)} submissions, ${reports.length} of ${sizes.length} rounds done`,
  );
}, 15_000);

const waiting = sizes.map((orders, index) => ({ orders, index }));
await Promise.all(Array.from({ length: number(values.parallel) }, lane));
clearInterval(progress);

async function lane(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (Date.now() > lastCall - 90_000) return;
    await play(next.index, next.orders);
  }
}

async function play(index: number, orders: number): Promise<void> {
  const own = join(folder, `round-${index}`);
  mkdirSync(own, { recursive: true });
  const args: RoundArgs = {
    bundle,
    cli,
    folder: own,
    seed: seed * 1_000 + index,
    orders: byOrders ? orders : null,
    submissions: byOrders ? null : orders,
    speed,
    starts,
    agents: number(values.agents),
    every: number(values.every),
    minutes: Math.min(number(values.minutes), (lastCall - Date.now()) / 60_000),
    patient: orders >= 400,
  };
  const round = startLines(fromRoot("test/chaos/orders/round.ts"), args);
  round.on((message) => {
    if (message.kind === "progress" && "asked" in message && "submissions" in message) {
      asked[index] = Number(message.asked);
      submitted[index] = Number(message.submissions);
    }
    if (message.kind === "report" && "report" in message) {
      // It was said by our own process, in our own words.
      const report = message.report as RoundReport;
      reports.push(report);
      asked[index] = report.asked;
      submitted[index] = report.calls;
      console.error(
        `round ${index}: ${report.asked} asked, ${report.placed} placed, ${report.clean ? "clean" : "NOT CLEAN"}, ${report.seconds} s`,
      );
    }
  });
  const limit = setTimeout(() => void round.kill(), (args.minutes + 5) * 60_000);
  const code = await new Promise((resolve) => round.child.once("close", resolve));
  clearTimeout(limit);
  if (code !== 0) failures.push(`round ${index} ended with ${code}`);
}

const sum = (of: (report: RoundReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);
const added = (of: (report: RoundReport) => Record<string, number>): Record<string, number> => {
  const all: Record<string, number> = {};
  for (const report of reports) {
    for (const [name, times] of Object.entries(of(report))) all[name] = (all[name] ?? 0) + times;
  }
  return Object.fromEntries(Object.entries(all).sort(([, a], [, b]) => b - a));
};
const all = (of: (report: RoundReport) => string[]): string[] => reports.flatMap(of);
const reached = byOrders ? sum(({ asked }) => asked) : sum(({ calls }) => calls);
const clean = failures.length === 0 && reports.every((report) => report.clean) && reached >= wanted;
console.log(
  JSON.stringify(
    {
      seed,
      speed,
      rounds: reports.length,
      seconds: Math.round((Date.now() - began) / 1_000),
      submissions: sum(({ calls }) => calls),
      orders_asked: sum(({ asked }) => asked),
      placed: sum(({ placed }) => placed),
      cancels_asked: sum(({ cancels }) => cancels),
      exits: { asked: sum((r) => r.exits_asked), placed: sum((r) => r.exits_placed) },
      doubled: sum(({ doubled }) => doubled.length),
      lost: sum(({ lost }) => lost.length),
      unknown_left: sum(({ unknown_left }) => unknown_left.length),
      exits_blocked: sum(({ exits_blocked }) => exits_blocked.length),
      passed_the_switch: sum(({ passed_the_switch }) => passed_the_switch.length),
      lost_by_broker: sum(({ lost_by_broker }) => lost_by_broker),
      ends: added(({ ends }) => ends),
      faults: added(({ faults }) => faults),
      refusals: added(({ refusals }) => refusals),
      sidecar_starts: sum(({ sidecar_starts }) => sidecar_starts),
      longest_settling_seconds: Math.max(0, ...reports.map((r) => r.settled_after_seconds)),
      wrong: [
        ...failures,
        ...all(({ doubled }) => doubled),
        ...all(({ lost }) => lost),
        ...all(({ unknown_left }) => unknown_left),
        ...all(({ exits_blocked }) => exits_blocked),
        ...all(({ passed_the_switch }) => passed_the_switch),
        ...all(({ crashes }) => crashes),
      ],
      clean,
    },
    null,
    2,
  ),
);
if (clean) rmSync(folder, { recursive: true, force: true });
else console.error(`the evidence is kept in ${folder}`);
process.exit(clean ? 0 : 1);
