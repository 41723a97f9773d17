import { expect, it } from "vitest";
import { exportsUnderWay } from "./exports-under-way.ts";

it("notes every export once, whatever its parts say of themselves", () => {
  let now = 0;
  const exports = exportsUnderWay(() => now);
  const isNew = (pc: string, fromIndex: number, end: number, rangeEnd: number, begins = false) =>
    exports.isNew(pc, { begins, fromIndex, end, rangeEnd });
  // One that starts in the middle and says that it goes on with another is one of its own.
  expect(isNew("pc-1", 500, 600, 750)).toBe(true);
  const parts = [
    isNew("pc-1", 500, 600, 600),
    isNew("pc-1", 600, 750, 750),
    isNew("pc-1", 750, 750, 750),
  ];
  expect(parts).toEqual([false, false, false]);
  expect([isNew("pc-1", 499, 600, 750), isNew("pc-1", 700, 751, 751)]).toEqual([true, true]);
  expect(isNew("pc-1", 700, 751, 751, true)).toBe(true);
  expect(isNew("pc-2", 700, 751, 751)).toBe(true);
  now += 11 * 60_000;
  expect(isNew("pc-1", 700, 751, 751)).toBe(true);
});
