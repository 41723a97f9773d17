import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type Case, planFor } from "./plan.ts";
import type { CaseResult } from "./reporter.ts";
import { tableOf } from "./table.ts";
import { runToItsEnd, whyItEnded } from "./vitest-process.ts";

const Report = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      files: z.int(),
      passed: z.int(),
      failed: z.int(),
      seconds: z.number(),
      failures: z.array(z.object({ file: z.string(), test: z.string(), message: z.string() })),
    }),
  ),
  stray: z.int(),
  missing: z.int(),
  /** Files that had begun and not ended when this was written. */
  running: z.array(z.string()),
});

export interface Outcome {
  results: CaseResult[];
  /** Nothing failed, and nothing that was planned is missing. */
  ok: boolean;
  /** The person at the terminal, or who runs this, told it to stop: nothing more is to be begun. */
  stopped: boolean;
}

const VITEST: readonly [string, ...string[]] = [
  process.execPath,
  fromRoot("node_modules/vitest/vitest.mjs"),
  ...["run", "--config", fromRoot("test/clock/vitest.config.ts")],
];

/**
 * Runs the cases and prints, as it goes, what fails, and at the end the table. What is not done
 * after `limitMinutes` is ended, and the run has failed. A run that ended before its last file says
 * how it ended, what it was running and what it wrote last.
 */
export async function runCases(
  cases: readonly Case[],
  options: {
    limitMinutes: number;
    exclude?: readonly string[];
    /** Takes vitest's place in tests. */
    command?: readonly [string, ...string[]];
  },
): Promise<Outcome> {
  const { limitMinutes, exclude = [], command = VITEST } = options;
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-clock-"));
  try {
    const plan = await planFor(cases, exclude, directory);
    const [planFile, reportFile] = [join(directory, "plan.json"), join(directory, "report.json")];
    await writeFile(planFile, JSON.stringify(plan));
    const started = performance.now();
    const limitMs = limitMinutes * 60_000;
    const ending = await runToItsEnd(command, {
      env: { CLOCK_PLAN: planFile, CLOCK_REPORT: reportFile },
      limitMs,
    });
    const seconds = Math.round((performance.now() - started) / 1000);
    const report = await readReport(reportFile);
    const { results, stray, missing, running } = report ?? NOTHING;
    const { code, endedFor } = ending;
    const complete = report !== null && missing === 0 && code !== null && endedFor === null;
    if (report === null) console.log("The tests left no report.");
    else console.log(tableOf(results));
    console.log(`In ${seconds} seconds.`);
    if (missing > 0) console.log(`${missing} files did not run.`);
    if (!complete) console.log(whyItEnded(ending, running, limitMs));
    return { results, ok: complete && code === 0 && stray === 0, stopped: endedFor === "stop" };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const NOTHING: z.output<typeof Report> = { results: [], stray: 0, missing: 0, running: [] };

/** Null when there is none: the run ended before its first file, or in the middle of writing. */
async function readReport(file: string): Promise<z.output<typeof Report> | null> {
  try {
    return Report.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!absent) console.log(`The report cannot be read: ${String(error)}`);
    return null;
  }
}
