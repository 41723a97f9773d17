import { spawn } from "node:child_process";
import { fromRoot } from "./lib/paths.ts";

const HELP = `Breaks the relay in every way it knows and counts what was lost or done twice; with --orders or
--submissions it is orders that are placed meanwhile, and the broker breaks as well. Prints one JSON
report; exit code 1 when anything was lost or doubled.

Usage: npm run chaos -- [options]

  --seed <n>         the same faults each time (default 1)
  --minutes <n>      how long (default 1; for orders, the longest that a round may take, default 12)
  --disconnects <n>  in place of a time: so many cuts, as fast as the line comes back

Orders, on a clock of their own:

  --orders <n>         so many orders are asked for; or
  --submissions <n>    so many calls of a submit tool are made
  --starts <time>      what the run's clock says first (default a morning of the New York market)
  --speed <n>          how many times as fast it runs (default 20)
  --round <n>          of one round at most: orders, or submissions (default 1000)
  --parallel <n>       rounds at a time (default 3)
  --agents <n>         agents of a round at a time (default 6)
  --every <n>          orders between two faults, about (default 25)
  --total-minutes <n>  for all rounds (default 30)

  --help             prints this
`;

/**
 * `npm run chaos -- --minutes N --seed S`: breaks the relay in every way it knows, and counts.
 * With `--orders N` or `--submissions N` it is orders that are placed meanwhile, and the broker breaks as well.
 */
export async function main(args: string[]): Promise<void> {
  if (args.some((arg) => arg === "--help" || arg === "-h")) {
    console.log(HELP);
    return;
  }
  const ofOrders = args.some((arg) => /^--(orders|submissions)(=|$)/.test(arg));
  const script = ofOrders ? "test/chaos/orders/main.ts" : "test/chaos/main.ts";
  const child = spawn(process.execPath, [fromRoot(script), ...args], {
    stdio: "inherit",
  });
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
