import { INSTANTS, type Instant, instantNamed, ZONES } from "../test/clock/instants.ts";
import type { Case } from "../test/clock/plan.ts";
import { runCases } from "../test/clock/run.ts";
import { contractCase, timeBoundCases } from "../test/clock/time-bound.ts";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const LIMIT_MINUTES = 10;

const HELP = `Runs the tests of what touches time at ${INSTANTS.length} instants in ${ZONES.length} zones, each with the clock of
Node, of the Worker and of all they start set to that instant. Prints a table; exit code 1 when
anything failed.

Usage: npm run clock-matrix -- [options]

  --instant <name>   at this instant alone; may be given several times
  --zone <zone>      in this IANA zone alone; may be given several times
  --files <glob>     these test files in place of the usual ones; may be given several times
  --minutes <n>      ends a run that is not done by then (default ${LIMIT_MINUTES})
  --list             prints the instants
  --help             prints this
`;

/** `npm run clock-matrix`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => run(args));

async function run(args: string[]): Promise<void> {
  const values = readArgs(args, {
    instant: { type: "string", multiple: true },
    zone: { type: "string", multiple: true },
    files: { type: "string", multiple: true },
    minutes: { type: "string" },
    list: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.list) {
    for (const { name, at, market } of INSTANTS) console.log(`${name}  ${at}  ${market}`);
    return;
  }
  const limitMinutes = Number(values.minutes ?? LIMIT_MINUTES);
  if (!(limitMinutes > 0)) throw new Sorry("--minutes takes a number above zero");
  const instants = values.instant?.map(instantNamed) ?? INSTANTS;
  for (const zone of values.zone ?? []) {
    if (!isZone(zone)) throw new Sorry(`no time zone is called ${zone}`);
  }
  const cases = matrix(instants, values.zone ?? ZONES, values.files);
  const { ok, stopped } = await runCases(cases, { limitMinutes });
  if (stopped) throw new Sorry("Stopped.");
  if (!ok) process.exitCode = 1;
}

/** The usual files, contract tests at their own instants; or the files that were named everywhere. */
function matrix(
  instants: readonly Instant[],
  zones: readonly string[],
  files: readonly string[] | undefined,
): Case[] {
  if (files === undefined) return timeBoundCases(instants, zones, contractCase);
  const isContract = (file: string): boolean => /^test\/(?!clock\/)/.test(file);
  const unit = files.filter((file) => !isContract(file));
  const contract = files.filter(isContract);
  return instants.flatMap((instant) => zones.map((zone) => ({ instant, zone, unit, contract })));
}

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}
