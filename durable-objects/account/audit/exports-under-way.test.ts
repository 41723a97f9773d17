import { expect, it } from "vitest";
import { exportsUnderWay } from "./exports-under-way.ts";

it("notes every export once, whatever its parts say of themselves", () => {
  let now = 0;
  const exports = exportsUnderWay(() => now);
  const isNew = (pc: string, fromIndex: number, end: number) =>
    exports.isNew(pc, { fromIndex, end });
  // One that starts in the middle and says that it goes on with another is one of its own.
  expect(isNew("pc-1", 500, 600)).toBe(true);
  expect([isNew("pc-1", 600, 700), isNew("pc-1", 700, 750)]).toEqual([false, false]);
  expect(isNew("pc-1", 700, 750)).toBe(true);
  expect(isNew("pc-2", 750, 800)).toBe(true);
  now += 11 * 60_000;
  expect(isNew("pc-1", 750, 800)).toBe(true);
});
