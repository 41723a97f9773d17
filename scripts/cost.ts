import { readFile } from "node:fs/promises";
import { MeasuredCounts } from "../test/bench/counts.ts";
import type { Usage } from "./lib/cost/monthly.ts";
import { costText, TYPICAL } from "./lib/cost/scale-tables.ts";
import { fromRoot } from "./lib/paths.ts";
import { readArgs } from "./lib/read-args.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";

const HELP = `What a gateway costs a month on Cloudflare's Workers Paid plan, and which limit it meets first.
Reads the counts that npm run bench -- --counts test/bench/counts.json wrote; measures nothing itself.

Usage: npm run cost -- --owners <n> [options]

  --owners <n>  owners on one gateway (default 1)
  --reads <n>   reads of one owner's agents on a trading day (default ${TYPICAL.reads})
  --orders <n>  orders of one owner on a trading day (default ${TYPICAL.orders})
  --months <n>  months of events that are kept (default ${TYPICAL.months})
  --help        prints this

Example: npm run cost -- --owners 1000 --reads 50 --orders 1
`;

/** `npm run cost`. */
export const main = (args: string[]): Promise<void> => orSaySorry(() => run(args));

async function run(args: string[]): Promise<void> {
  const values = readArgs(args, {
    owners: { type: "string", default: "1" },
    reads: { type: "string", default: String(TYPICAL.reads) },
    orders: { type: "string", default: String(TYPICAL.orders) },
    months: { type: "string", default: String(TYPICAL.months) },
    help: { type: "boolean", short: "h" },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const usage: Usage = {
    owners: atLeast(1, "--owners", values.owners),
    reads: atLeast(0, "--reads", values.reads),
    orders: atLeast(0, "--orders", values.orders),
    months: atLeast(0, "--months", values.months),
  };
  console.log(costText(usage, await readCounts()));
}

/** The counts that this checkout keeps. */
export async function readCounts(): Promise<MeasuredCounts> {
  return MeasuredCounts.parse(
    JSON.parse(await readFile(fromRoot("test/bench/counts.json"), "utf8")),
  );
}

function atLeast(least: number, name: string, text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least)) throw new Sorry(`${name} takes a whole number from ${least} (see --help)`);
  return value;
}
