import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { isAlive } from "../support/processes.ts";
import { runCases } from "./run.ts";
import { runToItsEnd, whyItEnded } from "./vitest-process.ts";

/** A program that stands in for vitest. */
const standIn = (script: string): [string, ...string[]] => [process.execPath, "-e", script];

/** Begins a worker that ignores SIGTERM, holds the pipes and would never end; says its pid. */
const WORKER = `
  const { spawn } = require("node:child_process");
  const worker = spawn(process.execPath,
    ["-e", "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000); console.log('worker ' + process.pid)"],
    { stdio: "inherit" });`;

/** A report as the reporter leaves it, of two files of which one has not ended. */
const REPORT = `
  require("node:fs").writeFileSync(process.env.CLOCK_REPORT, JSON.stringify({
    results: [], stray: 0, missing: 2, running: ["lunch UTC unit src/slow.test.ts"] }));`;

const nowhere = { write: () => true };
const runs = (script: string, limitMs = 60_000) =>
  runToItsEnd(standIn(script), { env: {}, limitMs, out: nowhere });

/** A process that was killed is gone once its new parent has noticed. */
const ended = (pid: number) =>
  vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });

const pidIn = (lines: readonly string[]): number =>
  Number(/worker (\d+)/.exec(lines.join("\n"))?.[1] ?? "0");

describe("a run of the tests that comes to no proper end", () => {
  afterEach(() => vi.restoreAllMocks());

  it("says by which signal, in which files and with which last words", async () => {
    const said: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void said.push(String(line)));
    vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    const command = standIn(`${REPORT}
      for (let n = 1; n <= 60; n += 1) console.log("\\u001b[31mline " + n + "\\u001b[0m");
      console.error("heap out of memory");
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`);
    expect(await runCases([], { limitMinutes: 1, command })).toEqual({
      ...{ results: [], ok: false, stopped: false },
    });
    const text = said.join("\n");
    expect(text).toContain("2 files did not run.");
    expect(text).toContain("vitest was killed by SIGKILL");
    expect(text).toContain("It was running:\n  lunch UTC unit src/slow.test.ts");
    expect(text).toContain("  | line 60\n");
    expect(text).toContain("  | heap out of memory");
    expect(text).not.toContain("line 9\n");
  });

  it("is no success with exit code 0, when files are missing or there is no report", async () => {
    const said: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void said.push(String(line)));
    for (const script of [
      REPORT,
      "",
      'require("fs").writeFileSync(process.env.CLOCK_REPORT, "{")',
    ]) {
      const outcome = await runCases([], { limitMinutes: 1, command: standIn(script) });
      expect(outcome.ok).toBe(false);
      expect(said.join("\n")).toContain("vitest ended with exit code 0.");
      said.length = 0;
    }
  });

  it("says that it was late, and ends its workers with it", async () => {
    const ending = await runs(`${WORKER} setInterval(() => 0, 1000);`, 1_500);
    expect(ending.endedFor).toBe("late");
    expect(whyItEnded(ending, [], 120_000)).toContain("was not done after 2 minutes");
    expect(pidIn(ending.lastLines)).toBeGreaterThan(0);
    await ended(pidIn(ending.lastLines));
  });

  it("leaves no worker behind when vitest itself dies", async () => {
    const ending = await runs(`${WORKER} setTimeout(() => process.exit(3), 1_000);`);
    expect(ending).toMatchObject({ code: 3, signal: null, endedFor: null });
    expect(pidIn(ending.lastLines)).toBeGreaterThan(0);
    await ended(pidIn(ending.lastLines));
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends everything on %s, and begins nothing more",
    async (signal) => {
      const script = `
      import { runCases } from ${JSON.stringify(pathToFileURL(fromRoot("test/clock/run.ts")).href)};
      const command = ${JSON.stringify(standIn(`${WORKER} setInterval(() => 0, 1000);`))};
      const outcome = await runCases([], { limitMinutes: 1, command });
      console.log(JSON.stringify({ outcome, code: process.exitCode ?? 0 }));`;
      const runner = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
        cwd: fileURLToPath(new URL(".", import.meta.url)),
      });
      let said = "";
      runner.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        said += chunk;
      });
      const closed = once(runner, "close");
      await vi.waitFor(() => expect(said).toMatch(/worker \d+/), { timeout: 20_000 });
      runner.kill(signal);
      await closed;
      expect(said).toContain("was ended because this command was told to stop");
      expect(said).toContain('"stopped":true');
      await ended(pidIn([said]));
    },
  );
});
