import { INSTANTS, instantNamed, ZONES } from "../test/clock/instants.ts";
import type { Case } from "../test/clock/plan.ts";
import { runCases } from "../test/clock/run.ts";
import { inTurn, KERNEL_CLOCK, timeBoundCases } from "../test/clock/time-bound.ts";
import { runToItsEnd } from "../test/clock/vitest-process.ts";
import { suiteFiles } from "../vitest.config.ts";
import { fromRoot } from "./lib/paths.ts";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const LIMIT_MINUTES = 60;
/** Years ahead, a closed market also finds every date of a test that has become the past. */
const CLOSED = ["years-ahead", "Asia/Kolkata"] as const;
const OPEN = ["new-york-lunch", "America/Los_Angeles"] as const;

const HELP = `Runs the whole suite at one instant when the market is closed (${CLOSED.join(", ")}) and at one
when it is open (${OPEN.join(", ")}), and everything that touches time at all
${INSTANTS.length} instants; then fills every queue with 10,000 requests of agents and looks
whether an exit gets through, and attacks the owner's own page 10,000 times from between;
then changes the broker's recorded answers in 200,000 ways and looks what the readers make of them;
then trades for 5,000 random days and compares every figure with a second book;
then makes an account old and prints what it reads beside what it read when it was young. Prints what fails as it fails and a table for each part; exit code 1 when anything
failed. Takes about half an hour on two cores.

Usage: npm run verify:long -- [options]

  --part <name>   closed, open, matrix, saturation, hostile-edge, growth, fuzz or reconciliation alone; may be given several times
  --minutes <n>   ends a part that is not done by then (default ${LIMIT_MINUTES})
  --help          prints this
`;

const PARTS = [
  "closed",
  "open",
  "matrix",
  "saturation",
  "hostile-edge",
  "growth",
  "fuzz",
  "reconciliation",
] as const;
type Part = (typeof PARTS)[number];
/** One test at its full count: files by the beginning of their path, and what sets the count. */
const COUNTED: Partial<Record<Part, [files: string, env: Record<string, string>]>> = {
  // How often the agents of the saturation ask.
  saturation: ["test/contract/saturation", { SATURATION_REQUESTS: "10000" }],
  "hostile-edge": ["test/contract/hostile-page-edge", { HOSTILE_ATTEMPTS: "10000" }],
  // Recorded answers of the broker, each changed in one place.
  fuzz: ["sidecar/src/client-portal/answers-fuzz", { FUZZ_CASES: "200000" }],
  // Five thousand days of trading, each figure against a second book.
  reconciliation: [
    "sidecar/src/client-portal/endpoints/reconciliation",
    { RECONCILED_LIVES: "250" },
  ],
  // An account of 20,000 orders beside one of sixty.
  growth: ["test/growth", { GROWTH: "large" }],
};

/** `npm run verify:long`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => run(args));

async function run(args: string[]): Promise<void> {
  const values = readArgs(args, {
    part: { type: "string", multiple: true },
    minutes: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const limitMinutes = Number(values.minutes ?? LIMIT_MINUTES);
  if (!(limitMinutes > 0)) throw new Sorry("--minutes takes a number above zero");
  const parts = values.part?.map(partNamed) ?? PARTS;
  const failed: Part[] = [];
  for (const part of parts) {
    console.log(`\n== ${part}`);
    const counted = COUNTED[part];
    const { ok, stopped } =
      counted === undefined
        ? await runCases(casesOf(part), { limitMinutes, exclude: KERNEL_CLOCK })
        : await runCounted(counted, limitMinutes);
    if (stopped) throw new Sorry(`\nStopped in ${part}.`);
    if (!ok) failed.push(part);
  }
  console.log(failed.length === 0 ? "\nAll passed." : `\nFailed: ${failed.join(", ")}`);
  if (failed.length > 0) process.exitCode = 1;
}

function partNamed(name: string): Part {
  const found = PARTS.find((part) => part === name);
  if (found === undefined) throw new Sorry(`--part takes ${PARTS.join(", ")}`);
  return found;
}

async function runCounted(
  [files, env]: NonNullable<(typeof COUNTED)[Part]>,
  limitMinutes: number,
): Promise<{ ok: boolean; stopped: boolean }> {
  const vitest = fromRoot("node_modules/vitest/vitest.mjs");
  const { code, endedFor } = await runToItsEnd([process.execPath, vitest, "run", files], {
    env,
    limitMs: limitMinutes * 60_000,
  });
  return { ok: code === 0 && endedFor === null, stopped: endedFor === "stop" };
}

function casesOf(part: Part): Case[] {
  if (part === "matrix") return timeBoundCases(INSTANTS, ZONES, inTurn);
  const [name, zone] = part === "closed" ? CLOSED : OPEN;
  return [{ instant: instantNamed(name), zone, ...suiteFiles }];
}
