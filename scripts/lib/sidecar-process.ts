import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SIDECAR_NODE_FLAGS } from "./sidecar-build.ts";

export interface SidecarProcess {
  child: ChildProcess;
  /** Exit code, or null when a signal ended it. Never rejects. */
  exited: Promise<number | null>;
  /** SIGTERM, and SIGKILL for one that does not go. */
  stop(): Promise<void>;
}

const STOP_MS = 2_500;

/** Starts the built command line of the sidecar; every line it writes goes to `onLine`. */
export function startSidecar(
  cli: string,
  args: string[],
  onLine: (line: string) => void,
): SidecarProcess {
  const child = spawn(process.execPath, [...SIDECAR_NODE_FLAGS, cli, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  // However this process ends, its sidecar does not outlive it.
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", onLine);
  }
  const exited = new Promise<number | null>((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => {
      process.off("exit", kill);
      resolve(code);
    });
  });
  return {
    child,
    exited,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(kill, STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Runs one command of the sidecar to its end. */
export async function runSidecarProcess(
  cli: string,
  args: string[],
): Promise<{ code: number | null; output: string }> {
  const lines: string[] = [];
  const code = await startSidecar(cli, args, (line) => lines.push(line)).exited;
  return { code, output: lines.join("\n") };
}
