import { type ChildProcess, spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "../../scripts/lib/paths.ts";

/** How much of the output is kept to be shown again. */
const LAST_LINES = 25;
/** How long a process that was asked to end may take. */
const GRACE_MS = 5_000;
/** How long output of a process that ended is waited for. */
const DRAIN_MS = 2_000;

/** How a run of vitest ended. */
export interface Ending {
  /** Null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** We ended it: it was late, or we were told to stop. Null when it ended by itself. */
  endedFor: "late" | "stop" | null;
  /** The end of what it wrote, without colours. */
  lastLines: readonly string[];
}

/**
 * Runs a command, passes on what it writes, and ends it and all that it started when it is late or
 * when this process is told to stop (SIGINT, SIGTERM). What the command started and left behind is
 * ended as well: a worker that outlives vitest would go on taking the machine's time.
 */
export function runToItsEnd(
  command: readonly [string, ...string[]],
  options: {
    env: Record<string, string>;
    limitMs: number;
    out?: Pick<NodeJS.WritableStream, "write">;
  },
): Promise<Ending> {
  const { env, limitMs, out = process.stdout } = options;
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that one signal reaches its workers too.
    detached: true,
  });
  const last = keepLastLines(child, out);
  return new Promise((resolve, reject) => {
    let endedFor: Ending["endedFor"] = null;
    let killer: ReturnType<typeof setTimeout> | undefined;
    const end = (why: "late" | "stop"): void => {
      endedFor ??= why;
      signalGroup(child, "SIGTERM");
      killer ??= setTimeout(() => signalGroup(child, "SIGKILL"), GRACE_MS);
    };
    const late = setTimeout(() => end("late"), limitMs);
    const stop = (): void => end("stop");
    process.on("SIGINT", stop).on("SIGTERM", stop);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(late);
      clearTimeout(killer);
      process.off("SIGINT", stop).off("SIGTERM", stop);
      signalGroup(child, "SIGKILL");
      const done = (): void => {
        clearTimeout(drained);
        resolve({ code, signal, endedFor, lastLines: last() });
      };
      // The pipes close with their last holder; one in another group must not keep us here.
      const drained = setTimeout(done, DRAIN_MS);
      child.once("close", done);
    });
  });
}

function keepLastLines(
  { stdout, stderr }: ChildProcess,
  out: Pick<NodeJS.WritableStream, "write">,
): () => readonly string[] {
  let text = "";
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      out.write(chunk);
      text = (text + chunk)
        .split("\n")
        .slice(-LAST_LINES - 1)
        .join("\n");
    });
  }
  return () => stripVTControlCharacters(text).trimEnd().split("\n").slice(-LAST_LINES);
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left in the group.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** What a run that came to no proper end has to say: how it ended, in which files, with which words. */
export function whyItEnded(ending: Ending, running: readonly string[], limitMs: number): string {
  const { code, signal, endedFor, lastLines } = ending;
  const how =
    endedFor === "late"
      ? `was ended because it was not done after ${Math.round(limitMs / 60_000)} minutes`
      : endedFor === "stop"
        ? "was ended because this command was told to stop"
        : signal !== null
          ? `was killed by ${signal}${signal === "SIGKILL" ? " (out of memory?)" : ""}`
          : `ended with exit code ${code}`;
  const files =
    running.length === 0
      ? ["No file was running."]
      : ["It was running:", ...running.map((file) => `  ${file}`)];
  const said =
    lastLines.join("").trim() === ""
      ? ["It wrote nothing."]
      : ["Its last lines:", ...lastLines.map((line) => `  | ${line}`)];
  return [`vitest ${how}.`, ...files, ...said].join("\n");
}
