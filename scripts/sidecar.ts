import { spawn } from "node:child_process";
import { dataDirPath, readState, sidecarFolder } from "./lib/data-dir.ts";
import { whenNpmIsGone } from "./lib/npm-parent.ts";
import { fromRoot } from "./lib/paths.ts";
import { answers } from "./lib/running.ts";
import { buildSidecar, SIDECAR_NODE_FLAGS } from "./lib/sidecar-build.ts";

/** What makes or runs a PC of its own, beside the one that `npm start` runs. */
const OF_ITS_OWN = new Set(["pair", "run", "simulator"]);

/**
 * `npm run sidecar -- <args>`: the sidecar's command line from the checkout, as it is packed. While
 * `npm start` runs, commands about a PC are about the one it runs, unless a folder is named.
 */
export async function main(args: string[]): Promise<void> {
  const [cli, running] = await Promise.all([
    buildSidecar(fromRoot("sidecar/dist")),
    runningPc(args),
  ]);
  if (running !== null) {
    process.stderr.write(
      `This is about the PC of npm start, in ${running}; for another: --config-dir <folder>\n`,
    );
  }
  const beside = running === null ? [] : ["--config-dir", running];
  const child = spawn(process.execPath, [...SIDECAR_NODE_FLAGS, cli, ...beside, ...args], {
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

/** The folder of the PC that a running `npm start` has; null when these arguments are not about it. */
async function runningPc(args: readonly string[]): Promise<string | null> {
  const named = args.some((arg) => arg === "--config-dir" || arg.startsWith("--config-dir="));
  const command = args.find((arg) => !arg.startsWith("-"));
  if (named || command === undefined || OF_ITS_OWN.has(command)) return null;
  const path = dataDirPath(process.env);
  // Data that cannot be read is what `npm start` speaks of; here it means that nothing runs.
  const state = await readState(path).catch(() => null);
  return state !== null && (await answers(state)) ? sidecarFolder(path) : null;
}
