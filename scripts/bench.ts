import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { runBench } from "../test/bench/main.ts";

/**
 * `npm run bench`: measures on this machine, against the real runtime, and prints one JSON report.
 * `--calls <n>` per measurement, `--swarm <n>` sidecars at once, `--out <file>` to keep it.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      calls: { type: "string", default: "1000" },
      swarm: { type: "string", default: "1000" },
      out: { type: "string" },
    },
  });
  const options = { calls: Number(values.calls), swarm: Number(values.swarm) };
  const report = JSON.stringify(await runBench(options), null, 2);
  if (values.out !== undefined) await writeFile(values.out, `${report}\n`);
  console.log(report);
}
