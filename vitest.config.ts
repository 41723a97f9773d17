import { defineConfig } from "vitest/config";

/** What crosses a boundary runs against the built Worker; pure units do not wait for that build. */
export default defineConfig({
  test: {
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
