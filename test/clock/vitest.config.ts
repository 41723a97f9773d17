import { readFileSync } from "node:fs";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";
import base, { alias } from "../../vitest.config.ts";
import type { Plan, PlannedCase } from "./plan.ts";
import { CaseReporter } from "./reporter.ts";

/**
 * The tests of a plan, each case as projects of their own: vitest itself runs by the wall's clock,
 * the processes that hold the tests, and all they start, by the case's. `CLOCK_PLAN` is its file.
 */
const plan: Plan = JSON.parse(readFileSync(process.env.CLOCK_PLAN ?? "", "utf8"));
const { isolate, maxWorkers } = base.test ?? {};

function project(
  { name, zone, time, entry }: PlannedCase,
  kind: "unit" | "contract",
  include: readonly string[],
): TestProjectInlineConfiguration[] {
  if (include.length === 0) return [];
  return [
    {
      test: {
        name: `${name} ${kind}`,
        alias,
        root: ROOT,
        include: [...include],
        exclude: ["**/node_modules/**", ...plan.exclude],
        execArgv: ["--import", fromRoot("test/clock/preload.ts")],
        env: { TZ: zone, TEST_CLOCK: JSON.stringify(time), GATEWAY_ENTRY: entry },
        globalSetup: kind === "contract" ? [fromRoot("test/support/build-worker.ts")] : [],
        testTimeout: 60_000,
        hookTimeout: 60_000,
      },
    },
  ];
}

export default defineConfig({
  root: ROOT,
  test: {
    ...(isolate === undefined ? {} : { isolate }),
    ...(maxWorkers === undefined ? {} : { maxWorkers }),
    reporters: [new CaseReporter(process.env.CLOCK_REPORT ?? "")],
    projects: plan.cases.flatMap((one) => [
      ...project(one, "unit", one.unit),
      ...project(one, "contract", one.contract),
    ]),
  },
});
