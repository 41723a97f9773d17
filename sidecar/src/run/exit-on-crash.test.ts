import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { EXIT_CRASHED } from "./exit-on-crash.ts";

describe("a fault that nothing caught", () => {
  it.each([
    "setTimeout(() => { throw new Error('broken') }, 1)",
    "void Promise.reject(new Error('broken'))",
  ])("ends the run with a status after which it is started again: %s", (fault) => {
    const url = new URL("./exit-on-crash.ts", import.meta.url).href;
    const program = `import { exitOnCrash } from ${JSON.stringify(url)}; exitOnCrash(); ${fault}; setTimeout(() => {}, 20_000)`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--experimental-strip-types", "--input-type=module", "--eval", program],
      { encoding: "utf8" },
    );
    expect(status).toBe(EXIT_CRASHED);
    expect(stderr).toContain("Error: broken");
  });
});
