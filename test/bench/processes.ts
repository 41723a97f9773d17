import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fromRoot } from "../../scripts/lib/paths.ts";

export interface BenchProcess {
  pid: number;
  /** The first line it printed: where it listens. */
  said: string;
  /** Writes a line to it and returns the line it answers with. */
  ask(line: string): Promise<string>;
  stop(): Promise<void>;
}

/** Runs a script of this folder in a process of its own and waits for its first line. */
export async function startProcess(script: string, ...args: string[]): Promise<BenchProcess> {
  const child = spawn(process.execPath, [fromRoot(`test/bench/${script}`), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const nextLine = () =>
    new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      void closed.then(() => reject(new Error(`${script} ended`)));
    });
  const said = await nextLine();
  return {
    pid: child.pid ?? 0,
    said,
    ask(line) {
      const answer = nextLine();
      child.stdin.write(`${line}\n`);
      return answer;
    },
    async stop() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}

/** Resident memory of a process, in MiB. */
export function residentMib(pid: number): number {
  const kib = execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kib.trim()) / 1024;
}

/**
 * Memory that is the process's own, in MiB: what is left when its program's pages, which the system
 * shares and can drop, are not counted. Null where the system does not tell.
 */
export function privateMib(pid: number): number | null {
  try {
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}

/** Resident memory of all children of a process whose command holds a word, in MiB. */
export function descendantsRssMib(parent: number, word: string): number {
  const all = execFileSync("ps", ["-A", "-o", "ppid=,rss=,args="], { encoding: "utf8" });
  return all
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, ppid, , command = ""]) => Number(ppid) === parent && command.includes(word))
    .reduce((sum, [, , rss]) => sum + Number(rss) / 1024, 0);
}

/** Processes that a process started whose command holds a word. */
export function descendants(parent: number, word: string): number[] {
  const all = execFileSync("ps", ["-A", "-o", "ppid=,pid=,args="], { encoding: "utf8" });
  return all
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .filter(([, ppid, , command = ""]) => Number(ppid) === parent && command.includes(word))
    .map(([, , pid]) => Number(pid));
}

/**
 * Processor time that a process has used so far, all its threads, in ms, to the system's tick of 10 ms.
 * Null where the system does not tell.
 */
export function processorMs(pid: number): number | null {
  try {
    // The second field is the command in parentheses and may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [user, system] = [Number(fields[11]), Number(fields[12])];
    return Number.isFinite(user + system) ? (user + system) * TICK_MS : null;
  } catch {
    return null;
  }
}
const TICK_MS = 10;
