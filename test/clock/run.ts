import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";
import { type Case, planFor } from "./plan.ts";
import type { CaseResult } from "./reporter.ts";
import { tableOf } from "./table.ts";

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
});

export interface Outcome {
  results: CaseResult[];
  /** Nothing failed, and nothing that was planned is missing. */
  ok: boolean;
}

/**
 * Runs the cases and prints, as it goes, what fails, and at the end the table. What is not done
 * after `limitMinutes` is ended, and the run has failed.
 */
export async function runCases(
  cases: readonly Case[],
  options: { limitMinutes: number; exclude?: readonly string[] },
): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-clock-"));
  try {
    const plan = await planFor(cases, options.exclude ?? [], directory);
    const [planFile, reportFile] = [join(directory, "plan.json"), join(directory, "report.json")];
    await writeFile(planFile, JSON.stringify(plan));
    const started = performance.now();
    const code = await vitest(
      { CLOCK_PLAN: planFile, CLOCK_REPORT: reportFile },
      options.limitMinutes * 60_000,
    );
    const seconds = Math.round((performance.now() - started) / 1000);
    const text = await readFile(reportFile, "utf8").catch(() => "null");
    const report = Report.safeParse(JSON.parse(text));
    if (code === null) console.log(`Ended after ${options.limitMinutes} minutes.`);
    if (!report.success) {
      console.log("The tests left no report.");
      return { results: [], ok: false };
    }
    const { results, stray, missing } = report.data;
    console.log(tableOf(results));
    console.log(`In ${seconds} seconds.`);
    if (missing > 0) console.log(`${missing} files did not run.`);
    return { results, ok: code === 0 && stray === 0 && missing === 0 };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Its exit code; null when it was ended for being late. */
function vitest(env: Record<string, string>, limitMs: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        fromRoot("node_modules/vitest/vitest.mjs"),
        ...["run", "--config", fromRoot("test/clock/vitest.config.ts")],
      ],
      { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "inherit", "inherit"] },
    );
    let ended = false;
    const late = setTimeout(() => {
      ended = true;
      child.kill("SIGTERM");
      setTimeout(() => child.kill("SIGKILL"), 5_000).unref();
    }, limitMs);
    const stop = (): void => void child.kill("SIGTERM");
    process.once("SIGINT", stop).once("SIGTERM", stop);
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(late);
      process.off("SIGINT", stop).off("SIGTERM", stop);
      resolve(ended ? null : (code ?? 1));
    });
  });
}
