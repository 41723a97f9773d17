import { defineConfig } from "vitest/config";

/**
 * What crosses a boundary runs against the built Worker; pure units do not wait for that build.
 *
 * Files share the processes they run in: nothing here leaves anything behind in a module, and
 * loading the same libraries anew for each of some 230 files would take longer than most of them.
 */
export default defineConfig({
  test: {
    isolate: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{src,durable-objects,sidecar/src,scripts}/**/*.test.ts"],
        },
      },
      {
        test: {
          name: "contract",
          include: ["test/{clients,contract,conformance,console,chaos}/**/*.test.ts"],
          globalSetup: ["test/support/build-worker.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
    ],
  },
});
