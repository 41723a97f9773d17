import { spawn } from "node:child_process";
import { fromRoot } from "./lib/paths.ts";

/** `npm run simulate -- --seed S --lives N`: whole lives of orders on virtual time; see `--help`. */
export async function main(args: string[]): Promise<void> {
  const child = spawn(process.execPath, [fromRoot("test/simulation/main.ts"), ...args], {
    stdio: "inherit",
  });
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
