import { spawn } from "node:child_process";
import { SIDECAR_CLI } from "./lib/sidecar-process.ts";

/** `npm run sidecar -- <args>`: the sidecar's command line from the checkout. */
export async function main(args: string[]): Promise<void> {
  const child = spawn(process.execPath, [SIDECAR_CLI, ...args], { stdio: "inherit" });
  // The terminal signals the whole group; a signal for this process alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
