import { spawn } from "node:child_process";
import { delimiter, dirname } from "node:path";
import { fromRoot } from "../../scripts/lib/paths.ts";
import type { Person } from "./person.ts";

export interface ProgramRun {
  code: number | null;
  out: string;
  err: string;
}

/** Long enough for two cold starts of Node on a busy machine. */
const PATIENCE_MS = 25_000;

/**
 * The environment of somebody else's program: a home folder of its own, a person at the browser,
 * no display, and nothing of what this test run knows.
 */
export function programEnv(home: string, person: Person): Record<string, string> {
  return {
    PATH: [
      person.directory,
      fromRoot("node_modules/.bin"),
      dirname(process.execPath),
      "/usr/bin",
      "/bin",
    ].join(delimiter),
    BROWSER: person.browser,
    HOME: home,
    XDG_CONFIG_HOME: `${home}/config`,
    XDG_DATA_HOME: `${home}/data`,
    XDG_STATE_HOME: `${home}/state`,
    XDG_CACHE_HOME: `${home}/cache`,
    TMPDIR: home,
    NO_COLOR: "1",
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? "",
  };
}

/** Runs a program of node_modules to its end, under the Node of this test run. */
export function runProgram(
  file: string,
  args: string[],
  options: { home: string; person: Person; env?: Record<string, string> },
): Promise<ProgramRun> {
  const { home, person, env } = options;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [fromRoot(`node_modules/${file}`), ...args], {
      cwd: home,
      env: { ...programEnv(home, person), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    const patience = setTimeout(() => {
      err += "\n(it did not end in time)";
      child.kill("SIGKILL");
    }, PATIENCE_MS);
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on("close", (code) => {
      clearTimeout(patience);
      resolve({ code, out, err });
    });
  });
}
