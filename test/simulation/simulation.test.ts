import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTATION, type Mutation } from "./mutations.ts";
import type { Tally } from "./simulate.ts";

/** The simulation itself: that it repeats, that it says what it saw, and that it can fail. */
const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function simulate(args: string[], mutation?: Mutation): Promise<{ code: number; output: string }> {
  const env = mutation === undefined ? {} : { [MUTATION]: JSON.stringify(mutation) };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, ...env } },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: `${stdout}${stderr}` });
      },
    );
  });
}

const mutationNamed = (name: string): Mutation => {
  const path = new URL("first-mutations.json", import.meta.url);
  const all: Mutation[] = JSON.parse(readFileSync(path, "utf8"));
  const found = all.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no mutation is called ${name}`);
  return found;
};

describe("the simulation", () => {
  it("plays the same seeds to the same steps, with trouble in them and orders at the broker", async () => {
    const range = ["--seed", "101", "--lives", "24", "--json"];
    const [one, other] = await Promise.all([simulate(range), simulate(range)]);
    expect(one.code, one.output).toBe(0);
    const tally: Tally = JSON.parse(one.output);
    const again: Tally = JSON.parse(other.output);
    expect(again.digest).toBe(tally.digest);
    expect(again.steps).toBe(tally.steps);
    expect(tally.lives).toBe(24);
    expect(tally.ordersAtBroker).toBeGreaterThan(3);
    expect(Object.keys(tally.troubles).length).toBeGreaterThan(3);
  });

  it("plays the seeds that found something once to their end", async () => {
    const seeds = ["45", "10207"];
    const ends = await Promise.all(
      seeds.map((seed) => simulate(["--seed", seed, "--lives", "8", "--no-shrink"])),
    );
    expect(ends.filter(({ code }) => code !== 0).map(({ output }) => output)).toEqual([]);
  });

  it("finds a guard that is gone, names seed and step, and shrinks what it takes", async () => {
    const guard = mutationNamed("what is sent is not journaled as sent before its first byte");
    const { code, output } = await simulate(["--seed", "39", "--lives", "8"], guard);
    expect(code).toBe(1);
    expect(output).toMatch(/^seed 39 breaks a promise at step \d+: /m);
    const plan = JSON.parse(/^\{"seed":39.*$/m.exec(output)?.[0] ?? "null");
    expect(plan.lives.length).toBeLessThan(8);
  });

  it("records the same of a range, whether one process plays it or two", async () => {
    const folder = mkdtempSync(join(tmpdir(), "simulation-record-"));
    try {
      const recorded = async (workers: string) => {
        const file = join(folder, `${workers}.json`);
        const range = ["--record", file, "--seed", "300", "--lives", "8", "--per-world", "4"];
        const { code, output } = await simulate([...range, "--workers", workers]);
        expect(code, output).toBe(0);
        const { seconds: _, ...record } = JSON.parse(readFileSync(file, "utf8"));
        return record;
      };
      const [one, two] = await Promise.all([recorded("1"), recorded("2")]);
      expect(two).toEqual(one);
      expect(one).toMatchObject({ next_seed: 302, lives: 8, worlds: 2, failures: [] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("says so when a guard that should go is not where it was", async () => {
    const guard = {
      name: "gone",
      file: "sidecar/src/orders/limits.ts",
      find: "nowhere",
      replace: "",
    };
    const { code, output } = await simulate(["--lives", "1"], guard);
    expect(code).toBe(1);
    expect(output).toContain("does not hold the text to change exactly once");
  });
});
