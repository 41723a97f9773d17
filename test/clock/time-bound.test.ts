import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/paths.ts";
import { INSTANTS, ZONES } from "./instants.ts";
import {
  CONTRACT_CASES,
  IS_GIVEN_A_CLOCK,
  KERNEL_CLOCK,
  READS_THE_CLOCK,
  TIME_BOUND_CONTRACT,
} from "./time-bound.ts";

/** A file that was moved would leave the matrix without a word. */
describe.each([
  ["what reads the clock", READS_THE_CLOCK],
  ["what is given a clock", IS_GIVEN_A_CLOCK],
  ["real processes", TIME_BOUND_CONTRACT],
  ["what the kernel's clock is held against", KERNEL_CLOCK],
])("of the matrix's tests, %s", (_, globs) => {
  it.each(globs.flatMap(eachOf))("%s exists", (glob) => {
    expect(globSync(glob, { cwd: ROOT })).not.toEqual([]);
  });
});

it("the cases with real processes are instants and zones of the matrix, a case each", () => {
  const names = INSTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const [instant, zone] of CONTRACT_CASES) {
    expect(names).toContain(instant);
    expect(ZONES).toContain(zone);
  }
});

/** `{a,b}.ts` as `a.ts` and `b.ts`: one that is missing does not hide behind the other. */
function eachOf(glob: string): string[] {
  const [, before = "", inner, after = ""] = /^([^{]*)\{([^}]*)\}(.*)$/.exec(glob) ?? [];
  if (inner === undefined) return [glob];
  return inner.split(",").flatMap((one) => eachOf(`${before}${one}${after}`));
}
