import { spawn } from "node:child_process";
import { fromRoot } from "./lib/paths.ts";

/**
 * `npm run chaos -- --minutes N --seed S`: breaks the relay in every way it knows, and counts.
 * With `--orders N` or `--submissions N` it is orders that are placed meanwhile, and the broker breaks as well.
 */
export async function main(args: string[]): Promise<void> {
  const ofOrders = args.some((arg) => /^--(orders|submissions)(=|$)/.test(arg));
  const script = ofOrders ? "test/chaos/orders/main.ts" : "test/chaos/main.ts";
  const child = spawn(process.execPath, [fromRoot(script), ...args], {
    stdio: "inherit",
  });
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
