import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";

export interface RunningCommand {
  child: ChildProcess;
  stdout: string[];
  stderr: string[];
  /** Exit code; null when a signal ended it. */
  exited: Promise<number | null>;
  /** Resolves with the first line of stdout that matches. */
  line(pattern: RegExp): Promise<string>;
}

/** Runs one of package.json's commands the way npm does, with nothing of this test run's settings. */
export function runScript(
  name: string,
  args: string[] = [],
  env: Record<string, string> = {},
  nodeFlags: string[] = [],
): RunningCommand {
  const { PATH = "", HOME = "", TMPDIR = "", NODE_COMPILE_CACHE = "" } = process.env;
  const child = spawn(
    process.execPath,
    [...nodeFlags, fromRoot("scripts/run.mjs"), name, ...args],
    {
      cwd: ROOT,
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...(TMPDIR === "" ? {} : { TMPDIR }), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const stdout: string[] = [];
  const stderr: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    stdout.push(line);
    for (const look of waiting) look();
  });
  createInterface({ input: child.stderr }).on("line", (line) => stderr.push(line));
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  return {
    child,
    stdout,
    stderr,
    exited,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = stdout.find((line) => pattern.test(line));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void exited.then((code) =>
          reject(
            new Error(`${name} ended with ${code} before it said ${pattern}: ${stderr.join("\n")}`),
          ),
        );
      }),
  };
}

export interface ProcessEntry {
  pid: number;
  command: string;
}

/** Every process that descends from `pid`. */
export function descendants(pid: number): ProcessEntry[] {
  const all = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, id, parent, command = ""]) => ({ pid: Number(id), parent: Number(parent), command }));
  const found: ProcessEntry[] = [];
  const parents = [pid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const entry of all) {
      if (entry.parent !== parent) continue;
      found.push({ pid: entry.pid, command: entry.command });
      parents.push(entry.pid);
    }
  }
  return found;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
