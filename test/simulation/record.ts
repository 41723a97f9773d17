import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { wallNow } from "./globals.ts";
import type { Report } from "./run.ts";
import { playRange, type Range, type Tally } from "./simulate.ts";

/** What a broken promise is remembered by. */
export interface Broken {
  step: number;
  invariant: string;
  message: string;
}

/** What came of a range, up to its end or to the first seed that failed, which is `nextSeed` then. */
interface Outcome {
  tally: Tally;
  violation: Broken | null;
  nextSeed: number;
  ms: number;
}

export function violationOf(failed: { report: Report } | null): Broken | null {
  const violation = failed?.report.violation ?? null;
  if (violation === null) return null;
  const { step, invariant, message } = violation;
  return { step, invariant, message: message.slice(0, 300) };
}

/** Worlds in a range: what is lost at most, of each worker, when a run is ended. */
const WORLDS_ALONE = 20;
const WORLDS_BESIDE_OTHERS = 100;

/** Goes on after a record, and keeps it as it goes: whenever it is ended, what was played is written down. */
export async function playOn(
  path: string,
  { seed, lives, perWorld, seconds }: Range,
  { commit, workers }: { commit: string; workers: number },
): Promise<void> {
  const begun = wallNow();
  const most = workers > 1 ? WORLDS_BESIDE_OTHERS : WORLDS_ALONE;
  const worlds = Math.min(most, Math.ceil(lives / perWorld / Math.max(1, workers)));
  const play = workers > 1 ? playApart : playHere;
  let nextSeed = readRecord(path)?.next_seed ?? seed;
  let left = lives;
  /** Ranges that are done and follow on one that is not. */
  const done = new Map<number, Outcome[]>();
  let written = nextSeed;
  const write = (): void => {
    for (let outcomes = done.get(written); outcomes !== undefined; outcomes = done.get(written)) {
      done.delete(written);
      for (const outcome of outcomes) {
        writeRecord(path, readRecord(path), written, outcome, commit);
        written = outcome.nextSeed + (outcome.violation === null ? 0 : 1);
      }
    }
  };
  const work = async (): Promise<void> => {
    while (left > 0 && (seconds === null || (wallNow() - begun) / 1_000 < seconds)) {
      const from = nextSeed;
      const to = from + Math.min(worlds, Math.ceil(left / perWorld));
      nextSeed = to;
      left -= (to - from) * perWorld;
      done.set(from, await whole(play, { from, to, perWorld }));
      write();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, workers) }, work));
}

interface Worlds {
  from: number;
  /** The first seed after it. */
  to: number;
  perWorld: number;
}

/** A range to its end: a world that failed is told of and not played again. */
async function whole(
  play: (worlds: Worlds) => Promise<Outcome>,
  worlds: Worlds,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let from = worlds.from; from < worlds.to; ) {
    const outcome = await play({ ...worlds, from });
    outcomes.push(outcome);
    const { violation, nextSeed } = outcome;
    if (violation !== null) console.log(`seed ${nextSeed}: ${violation.message}`);
    from = violation === null ? nextSeed : nextSeed + 1;
  }
  return outcomes;
}

const livesOf = ({ from, to, perWorld }: Worlds): number => (to - from) * perWorld;

async function playHere(worlds: Worlds): Promise<Outcome> {
  const { from, perWorld } = worlds;
  const range = { seed: from, lives: livesOf(worlds), perWorld, seconds: null };
  const { failed, ...rest } = await playRange(range);
  return { ...rest, violation: violationOf(failed) };
}

function playApart(worlds: Worlds): Promise<Outcome> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const args = ["--seed", worlds.from, "--lives", livesOf(worlds), "--per-world", worlds.perWorld];
  const child = spawn(process.execPath, [...NODE_ARGS, main, ...args.map(String), "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      try {
        const { next_seed, ms, failed, ...tally } = JSON.parse(output);
        resolve({ tally, violation: failed, nextSeed: next_seed, ms });
      } catch (cause) {
        reject(
          new Error(`a worker ended with ${code} and said nothing that can be read`, { cause }),
        );
      }
    });
  });
}

/** A world leaves little behind: with a larger young generation most of it is never copied. */
const NODE_ARGS = ["--max-semi-space-size=64"];

interface RecordFile {
  next_seed: number;
  lives: number;
  worlds: number;
  submitted: number;
  orders_at_broker: number;
  steps: number;
  seconds: number;
  ranges: { commit: string; from_seed: number; to_seed: number; lives: number }[];
  failures: { seed: number; step: number; invariant: string; message: string; commit: string }[];
  troubles: Record<string, number>;
  met: Record<string, number>;
}

function readRecord(path: string): RecordFile | null {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

function writeRecord(
  path: string,
  before: RecordFile | null,
  from: number,
  { tally, violation, nextSeed, ms }: Outcome,
  commit: string,
): void {
  const sum = (one: Record<string, number> = {}, other: Record<string, number>) => {
    const all: Record<string, number> = { ...one };
    for (const [key, times] of Object.entries(other)) all[key] = (all[key] ?? 0) + times;
    return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  };
  const record: RecordFile = {
    // A world that failed is not played again by the next range.
    next_seed: violation === null ? nextSeed : nextSeed + 1,
    lives: (before?.lives ?? 0) + tally.lives,
    worlds: (before?.worlds ?? 0) + tally.worlds,
    submitted: (before?.submitted ?? 0) + tally.submitted,
    orders_at_broker: (before?.orders_at_broker ?? 0) + tally.ordersAtBroker,
    steps: (before?.steps ?? 0) + tally.steps,
    seconds: Math.round((before?.seconds ?? 0) + ms / 1_000),
    ranges: joined(before?.ranges ?? [], {
      commit,
      from_seed: from,
      to_seed: nextSeed,
      lives: tally.lives,
    }),
    failures: [
      ...(before?.failures ?? []),
      ...(violation === null
        ? []
        : [
            {
              seed: nextSeed,
              step: violation.step,
              invariant: violation.invariant,
              message: violation.message,
              commit,
            },
          ]),
    ],
    troubles: sum(before?.troubles, tally.troubles),
    met: sum(before?.met, tally.met),
  };
  writeFileSync(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** Ranges that follow on each other at one commit are one. */
function joined(ranges: RecordFile["ranges"], next: RecordFile["ranges"][number]) {
  const last = ranges.at(-1);
  if (last === undefined || last.commit !== next.commit || last.to_seed !== next.from_seed) {
    return [...ranges, next];
  }
  const one = { ...last, to_seed: next.to_seed, lives: last.lives + next.lives };
  return [...ranges.slice(0, -1), one];
}
