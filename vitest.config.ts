import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Many a test waits for a real process or a broker's pace: three at once keep two cores busy. */
const WORKERS_MIN = 3;
/** What hangs is ended; how fast something must be is said in the test that holds it to that. */
const PATIENCE_MS = 60_000;

/** The platform's module, for units that run in Node. */
export const alias = {
  "cloudflare:workers": new URL("test/support/cloudflare-workers.ts", import.meta.url).pathname,
};

/** Globs from the root. */
export const suiteFiles: {
  readonly unit: readonly string[];
  readonly contract: readonly string[];
} = {
  unit: [
    "sidecar/approval-page/**/*.test.ts",
    "{src,durable-objects,packages,sidecar/src,client/src,scripts}/**/*.test.ts",
    "test/{clock,risk,second-evidence,simulation}/**/*.test.ts",
  ],
  contract: ["test/{clients,contract,conformance,console,chaos,growth}/**/*.test.ts"],
};

/**
 * What crosses a boundary runs against the built Worker; pure units do not wait for that build.
 *
 * Files share the processes they run in: nothing here leaves anything behind in a module, and
 * loading the same libraries anew for each of some 230 files would take longer than most of them.
 */
export default defineConfig({
  test: {
    isolate: false,
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          alias,
          include: [...suiteFiles.unit],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
        },
      },
      {
        test: {
          name: "contract",
          alias,
          include: [...suiteFiles.contract],
          globalSetup: ["test/support/build-worker.ts"],
          testTimeout: PATIENCE_MS,
          hookTimeout: PATIENCE_MS,
        },
      },
    ],
  },
});
