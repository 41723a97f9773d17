import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";

/** The agent that was started, and how it is ended. */
export interface AgentProcess {
  input: Writable;
  output: Readable;
  /** Its exit status: 128 and the signal's number where a signal ended it. */
  ended: Promise<number>;
  /** Asks it to end, and ends it with all it started when it does not. */
  stop(): void;
}

/** After its input closed an agent may save its session; after that it is asked, then killed. */
export interface StopTimes {
  graceMs: number;
  killMs: number;
}

const STOP_TIMES: StopTimes = { graceMs: 5_000, killMs: 2_000 };
/** What an agent started may hold its output open after it. */
const OUTPUT_OPEN_MS = 1_000;
const NOT_FOUND = 127;

export class AgentNotStarted extends Error {
  override readonly name = "AgentNotStarted";
  readonly exitCode = NOT_FOUND;
}

/** `command` is looked up on PATH; stderr is this process's own. */
export async function startAgent(
  command: string,
  args: readonly string[],
  times: StopTimes = STOP_TIMES,
): Promise<AgentProcess> {
  // A token in this process's environment is not the agent's.
  const { IBKR_TOKEN: _token, ...env } = process.env;
  // A group of its own, so that everything it starts can be ended with it.
  const child = spawn(command, [...args], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
    detached: process.platform !== "win32",
  });
  await started(child, command);
  const { stdin: input, stdout: output } = child;
  const ended = new Promise<number>((resolve) => {
    child.once("exit", (code, signal) => {
      setTimeout(() => output.destroy(), OUTPUT_OPEN_MS).unref();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  let stopping = false;
  return {
    input,
    output,
    ended,
    stop() {
      if (stopping) return;
      stopping = true;
      if (!input.writableEnded) input.end();
      const timers = [
        setTimeout(() => signalGroup(child, "SIGTERM"), times.graceMs),
        setTimeout(() => signalGroup(child, "SIGKILL"), times.graceMs + times.killMs),
      ];
      void ended.then(() => timers.forEach(clearTimeout));
    },
  };
}

function started(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve());
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "there is no such command" : error.message;
      reject(new AgentNotStarted(`The agent could not be started: ${command}: ${why}.`));
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It ended in between.
  }
}
