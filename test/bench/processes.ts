import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fromRoot } from "../../scripts/lib/paths.ts";

export interface BenchProcess {
  /** The first line it printed: where it listens. */
  said: string;
  stop(): Promise<void>;
}

/** Runs a script of this folder in a process of its own and waits for its first line. */
export function startProcess(script: string, ...args: string[]): Promise<BenchProcess> {
  const child = spawn(process.execPath, [fromRoot(`test/bench/${script}`), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", (said) =>
      resolve({
        said,
        async stop() {
          child.kill("SIGTERM");
          await closed;
        },
      }),
    );
    void closed.then(() => reject(new Error(`${script} ended before it said where it listens`)));
  });
}

/** Resident memory of a process, in MiB. */
export function residentMib(pid: number): number {
  const kib = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kib.trim()) / 1024;
}
