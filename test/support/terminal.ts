import { spawn } from "node:child_process";
import { until } from "./relay/until.ts";

export interface Terminal {
  said(): string;
  /** Waits until these words stand on the screen. */
  until(text: string, timeoutMs?: number): Promise<void>;
  type(line: string): void;
  ended: Promise<number | null>;
  /** Ctrl-C, and waits for the end. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Runs a command at a terminal of its own (util-linux's `script`), for somebody who types. */
export function atTerminal(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const child = spawn("script", ["-qec", line, "/dev/null"], { env });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return {
    said: () => out,
    until: (text, timeoutMs = 20_000) =>
      until(() => out.includes(text), `the terminal says ${text}: ${out}`, { timeoutMs }),
    type: (text) => child.stdin.write(`${text}\n`),
    ended,
    stop() {
      child.stdin.write("\u0003");
      return ended;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
