import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { wallNow } from "./globals.ts";
import { INVARIANTS } from "./invariants.ts";
import { tryMutations } from "./mutations.ts";
import { planWorld, type WorldPlan } from "./plan.ts";
import { playOn, violationOf } from "./record.ts";
import type { Report } from "./run.ts";
import { play, playRange, shrink, type Tally } from "./simulate.ts";

const HELP = `Plays whole lives of orders in one process, on virtual time, from seeds: the real account
object and the real PC, a broker, and trouble of every kind between them. Exit code 1 when a promise is
broken; then the seed, the step and the smallest plan that still breaks it are printed.

Usage: npm run simulate -- [options]

  --seed <n>         the first world's seed (default 1; "fresh" takes one of the moment)
  --lives <n>        lives in all (default 1000)
  --per-world <n>    lives in one world (default 8)
  --seconds <n>      begins no new world after so many seconds
  --until-step <n>   plays the world of --seed up to this step and prints all that happened in it
  --plan <file>      plays the plan in this file (as a failure prints it) in place of a seed's
  --record <file>    goes on after the range in this file, and writes what came of it; it may be
                     ended at any time and goes on from there
  --workers <n>      with --record: plays so many ranges at once, each in a process (default 1)
  --mutations <file> switches guards off, one at a time, and says which the simulation catches;
                     the file is a JSON list of {"name", "file", "find", "replace"}, and in
                     "also" what is changed with it
  --no-shrink        looks for no smaller plan
  --json             prints the whole report as JSON
  --help             prints this
`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: "1" },
      lives: { type: "string", default: "1000" },
      "per-world": { type: "string", default: "8" },
      seconds: { type: "string" },
      "until-step": { type: "string" },
      plan: { type: "string" },
      record: { type: "string" },
      workers: { type: "string", default: "1" },
      mutations: { type: "string" },
      commit: { type: "string" },
      "no-shrink": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const perWorld = whole(values["per-world"], "per-world");
  const seed = values.seed === "fresh" ? wallNow() % 1_000_000_000 : whole(values.seed, "seed");
  const lives = whole(values.lives, "lives");
  const seconds = values.seconds === undefined ? null : whole(values.seconds, "seconds");
  if (values.mutations !== undefined) {
    process.exitCode = await tryMutations(values.mutations, { seed, lives, perWorld });
    return;
  }
  if (values["until-step"] !== undefined || values.plan !== undefined) {
    const plan: WorldPlan =
      values.plan === undefined
        ? planWorld(seed, perWorld)
        : JSON.parse(readFileSync(values.plan, "utf8"));
    const untilStep =
      values["until-step"] === undefined ? undefined : whole(values["until-step"], "until-step");
    const say = console.log;
    const report = await play(plan, { untilStep, onLog: (line) => say(line) });
    say(`step ${report.steps}: ${report.violation?.message ?? "no promise is broken"}`);
    process.exitCode = report.violation === null ? 0 : 1;
    return;
  }
  if (values.record !== undefined) {
    const workers = whole(values.workers, "workers");
    const commit = values.commit ?? "";
    await playOn(values.record, { seed, lives, perWorld, seconds }, { commit, workers });
    return;
  }
  const { tally, failed, nextSeed, ms } = await playRange({ seed, lives, perWorld, seconds });
  if (values.json) {
    const all = { ...tally, next_seed: nextSeed, ms, failed: violationOf(failed) };
    console.log(JSON.stringify(all, null, 2));
    process.exitCode = failed === null ? 0 : 1;
    return;
  }
  console.log(summary(tally, seed, nextSeed, ms));
  if (failed !== null) await tellFailure(failed, !values["no-shrink"]);
}

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} wants a whole number`);
  return value;
}

function summary(tally: Tally, from: number, to: number, ms: number): string {
  const seconds = (ms / 1_000).toFixed(1);
  const perSecond = (tally.lives / (ms / 1_000)).toFixed(1);
  const faults = Object.values(tally.troubles).reduce((sum, times) => sum + times, 0);
  return [
    `${tally.lives} lives in ${tally.worlds} worlds (seeds ${from} to ${to - 1}) in ${seconds} s: ${perSecond} lives/s`,
    `${tally.submitted} orders were let out, ${tally.ordersAtBroker} stood at the broker, ${tally.steps} steps`,
    `stopped before: ${top(tally.stopped)}`,
    `${faults} troubles of ${Object.keys(tally.troubles).length} kinds; ${Object.keys(tally.met).length} pairs of trouble and state`,
  ].join("\n");
}

const top = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .sort(([, one], [, other]) => other - one)
    .slice(0, 6)
    .map(([what, times]) => `${times} x ${what.slice(0, 80)}`)
    .join("; ");

async function tellFailure(
  failed: { report: Report; plan: WorldPlan },
  small: boolean,
): Promise<void> {
  const { violation } = failed.report;
  if (violation === null) return;
  const say = console.log;
  say(
    `\nseed ${failed.plan.seed} breaks a promise at step ${violation.step}: ${INVARIANTS[violation.invariant]}`,
  );
  say(violation.message);
  process.exitCode = 1;
  if (!small) return;
  const smaller = await shrink(failed.plan, violation.invariant);
  say(
    `smallest plan, broken at step ${smaller.report.violation?.step}: ${smaller.report.violation?.message}`,
  );
  say(JSON.stringify(smaller.plan));
}
