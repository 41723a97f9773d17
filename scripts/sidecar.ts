import { spawn } from "node:child_process";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { fromRoot } from "./lib/paths.ts";
import { buildSidecar, SIDECAR_NODE_FLAGS } from "./lib/sidecar-build.ts";

/** `npm run sidecar -- <args>`: the sidecar's command line from the checkout, as it is packed. */
export async function main(args: string[]): Promise<void> {
  const cli = await buildSidecar(fromRoot("sidecar/dist"));
  const child = spawn(process.execPath, [...SIDECAR_NODE_FLAGS, cli, ...args], {
    stdio: "inherit",
  });
  // The terminal signals the whole group; a signal for this process alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  whenNpmIsGone(() => child.kill("SIGTERM"));
  process.exitCode = await new Promise((resolve) => {
    child.on("close", (code) => resolve(code ?? 1));
  });
}
