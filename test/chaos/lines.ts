import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { descendants, isAlive } from "../support/processes.ts";

/** A child process that is told things and says things, one JSON object a line. */
export interface LineProcess {
  readonly child: ChildProcess;
  tell(message: object): void;
  /** The next message of this kind. */
  hear<T>(kind: string, timeoutMs?: number): Promise<T>;
  on(listener: (message: { kind: string }) => void): void;
  /** SIGKILL, for it and everything it started. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export function startLines(
  script: string,
  args: object,
  { env = process.env, flags = [] }: { env?: NodeJS.ProcessEnv; flags?: string[] } = {},
): LineProcess {
  const child = spawn(process.execPath, [...flags, script, JSON.stringify(args)], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const listeners = new Set<(message: { kind: string }) => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("{")) return;
    for (const listener of listeners) listener(JSON.parse(line));
  });
  child.stdin.on("error", () => undefined);
  const exited = new Promise<void>((resolve) => child.on("close", () => resolve()));
  return {
    child,
    tell(message) {
      child.stdin.write(`${JSON.stringify(message)}\n`);
    },
    hear<T>(kind: string, timeoutMs = 30_000) {
      return new Promise<T>((resolve, reject) => {
        const timer = setTimeout(() => {
          listeners.delete(listener);
          reject(new Error(`${script} did not say ${kind} within ${timeoutMs} ms`));
        }, timeoutMs);
        const listener = (message: { kind: string }) => {
          if (message.kind !== kind) return;
          clearTimeout(timer);
          listeners.delete(listener);
          // It was said by our own process, in our own words.
          resolve(message as T);
        };
        listeners.add(listener);
      });
    },
    on: (listener) => listeners.add(listener),
    async kill() {
      const family = [child.pid ?? 0, ...descendants(child.pid ?? 0).map(({ pid }) => pid)];
      for (const pid of family) {
        if (pid > 0 && isAlive(pid)) process.kill(pid, "SIGKILL");
      }
      await exited;
    },
    async stop() {
      child.stdin.end();
      await exited;
    },
  };
}
