import { writeFile } from "node:fs/promises";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const HELP = `Measures on this machine, against the real runtime, and prints one JSON report that begins with
every aim beside its figure. Takes some minutes.

Usage: npm run bench -- [options]

  --calls <n>   calls of each measurement (default 1000)
  --swarm <n>   sidecars that are connected at once; 0 leaves that out (default 1000)
  --out <file>  also writes the report into this file
  --counts <file>  also writes what a bill depends on into this file; npm run cost reads
                test/bench/counts.json
  --help        prints this
`;

/** `npm run bench`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => run(args));

async function run(args: string[]): Promise<void> {
  const values = readArgs(args, {
    calls: { type: "string", default: "1000" },
    swarm: { type: "string", default: "1000" },
    out: { type: "string" },
    counts: { type: "string" },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [calls, swarm] = [Number(values.calls), Number(values.swarm)];
  if (!(Number.isInteger(calls) && calls > 0)) throw new Sorry("--calls takes a number above zero");
  if (!(Number.isInteger(swarm) && swarm >= 0)) throw new Sorry("--swarm takes a number from zero");
  const { runBench } = await import("../test/bench/main.ts");
  const measured = await runBench({ calls, swarm });
  const report = JSON.stringify(measured, null, 2);
  if (values.out !== undefined) await writeFile(values.out, `${report}\n`);
  if (values.counts !== undefined) {
    const { countsOf } = await import("../test/bench/counts.ts");
    await writeFile(values.counts, `${JSON.stringify(countsOf(measured), null, 2)}\n`);
  }
  console.log(report);
}
