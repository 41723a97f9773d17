import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyDecimal } from "../../../test/support/orders.ts";
import {
  basisPoints,
  canonicalDecimal,
  compareDecimals,
  dec,
  decimalText,
  isOnStep,
  multiplyDecimals,
  orderDecimalFault,
  parseFigure,
  roundToStep,
} from "./decimal.ts";

describe("the grammar of an order's decimals", () => {
  it.each([
    ["1", null],
    ["187.25", null],
    ["0.000001", null],
    ["999999999.999999", null],
    ["1.50", null],
    [10, "not_text"],
    [null, "not_text"],
    ["", "not_a_number"],
    [".", "not_a_number"],
    ["NaN", "not_a_number"],
    ["Infinity", "not_a_number"],
    ["12abc", "not_a_number"],
    ["0x10", "not_a_number"],
    ["1,000", "not_a_number"],
    ["٣", "not_a_number"],
    ["1e5", "exponent"],
    ["1.5E-3", "exponent"],
    ["-1", "negative"],
    ["-0.5", "negative"],
    ["0", "zero"],
    ["0.000000", "zero"],
    ["0000", "zero"],
    [`1.${"1".repeat(40)}`, "too_many_decimals"],
    ["0.0000001", "too_many_decimals"],
    ["1000000000", "too_large"],
    ["+1", "not_canonical"],
    ["007", "not_canonical"],
    [".5", "not_canonical"],
    ["5.", "not_canonical"],
  ])("%j breaks %j", (value, fault) => {
    expect(orderDecimalFault(value)).toBe(fault);
  });

  it("reads every value in it, and spells it in one way", () => {
    fc.assert(
      fc.property(anyDecimal, (text) => {
        expect(orderDecimalFault(text)).toBeNull();
        const once = canonicalDecimal(text);
        expect(canonicalDecimal(once)).toBe(once);
        expect(compareDecimals(once, text)).toBe(0);
        expect(once).not.toMatch(/e|\.0*$|\.\d*0$/);
      }),
    );
  });

  it("never throws on any text", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        orderDecimalFault(text);
        parseFigure(text);
      }),
    );
  });
});

describe("arithmetic", () => {
  it("is exact where floats are not", () => {
    expect(decimalText(dec("0.1").plus(dec("0.2")))).toBe("0.3");
    // Twelve decimals; the integers multiply exactly as BigInt.
    const digits = String(123456789123456n * 987654321654321n);
    const exact = `${digits.slice(0, -12)}.${digits.slice(-12)}`;
    expect(multiplyDecimals("123456789.123456", "987654321.654321")).toBe(exact);
    expect(decimalText(dec("-0"))).toBe("0");
  });

  it("knows what stands on a step", () => {
    expect(isOnStep("187.25", "0.01")).toBe(true);
    expect(isOnStep("187.255", "0.01")).toBe(false);
    expect(isOnStep("0.3", "0.1")).toBe(true);
    expect(isOnStep("100", "0")).toBe(false);
    expect(isOnStep("1.00005", "0.00005")).toBe(true);
  });

  it("puts any multiple on its step, and no multiple plus half", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.constantFrom("0.01", "0.05", "0.0001", "0.25", "1"),
        (times, step) => {
          const value = dec(step).times(times);
          expect(isOnStep(decimalText(value), step)).toBe(true);
          expect(isOnStep(decimalText(value.plus(dec(step).dividedBy(2))), step)).toBe(false);
        },
      ),
    );
  });

  it("measures distance in basis points and rounds to a step", () => {
    expect(basisPoints(dec("101"), dec("100"))?.toString()).toBe("100");
    expect(basisPoints(dec("99"), dec("-100"))?.toString()).toBe("19900");
    expect(basisPoints(dec("1"), dec("0"))).toBeNull();
    expect(roundToStep(dec("1.237"), dec("0.01"), "down").toString()).toBe("1.23");
    expect(roundToStep(dec("1.231"), dec("0.01"), "up").toString()).toBe("1.24");
  });

  it("refuses text outside the grammar of figures", () => {
    for (const text of ["", "1e3", "--1", "1.", "NaN", " 1", "1 ", "01"]) {
      expect(parseFigure(text)).toBeNull();
    }
    expect(() => dec("1e3")).toThrow(RangeError);
    expect(parseFigure("-994831.5")?.toString()).toBe("-994831.5");
  });
});
