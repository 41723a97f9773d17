import { Decimal } from "decimal.js";
import { describe, expect, it } from "vitest";
import { double, encode } from "./json.ts";

describe("a figure on the wire", () => {
  it.each([
    [44, "44.0"],
    [0, "0.0"],
    [-3, "-3.0"],
    [584.3133333333334, "584.3133333333334"],
    [0.00025849, "2.5849e-4"],
    [202013117.91, "202013117.91"],
  ])("%d is written %s", (value, text) => {
    expect(encode({ value: double(value) })).toBe(`{"value":${text}}`);
  });

  it("takes decimals, refuses what is no number, and leaves out what is undefined", () => {
    expect(encode([double(new Decimal("971869.60")), 7])).toBe("[971869.6,7]");
    expect(() => double(Number.NaN)).toThrow(RangeError);
    expect(encode({ a: undefined, b: null })).toBe('{"b":null}');
  });
});
