import { Decimal } from "decimal.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { priceOnTick, tickAt, withoutFloatNoise } from "./float-noise.ts";

describe("float noise", () => {
  it.each([
    ["269.80999755859375", "269.81"],
    ["655.8945922851562", "655.8946"],
    ["0.30000000000000004", "0.3"],
    ["269.81000000000006", "269.81"],
    ["-1.2000000476837158", "-1.2"],
    ["0.00009999999747378752", "0.0001"],
  ])("%s is %s", (noisy, meant) => {
    expect(withoutFloatNoise(noisy)).toBe(meant);
  });

  it.each([
    "269.81",
    "584.3133333333334",
    "123456.0625",
    "0.12345678",
    "0.0009765625",
    "103.00390625",
    "1000.0009765625",
    "1234567890123456789",
    "12345678.12345678",
    "0",
    "-0.5",
  ])("%s is meant as it is", (text) => {
    expect(withoutFloatNoise(text)).toBe(text);
  });

  it("uses the tick where the text was cut or the float is coarse", () => {
    expect(priceOnTick("269.809998", "0.01")).toBe("269.81");
    expect(priceOnTick("91234.5625", "0.01")).toBe("91234.56");
    expect(priceOnTick("4500.24997", "0.25")).toBe("4500.25");
  });

  it("never moves a price that lies between two ticks, or where the float cannot tell them apart", () => {
    expect(priceOnTick("269.805", "0.01")).toBe("269.805");
    expect(priceOnTick("269.80499267578125", "0.01")).toBe("269.805");
    expect(priceOnTick("269.8042", "0.01")).toBe("269.8042");
    expect(priceOnTick("1.08456", "0.00005")).toBe("1.08456");
    expect(priceOnTick("103.00390625", "0.00390625")).toBe("103.00390625");
    expect(priceOnTick("110.0078125", "0.0078125")).toBe("110.0078125");
    expect(priceOnTick("9123456.5625", "0.01")).toBe("9123456.5625");
    expect(priceOnTick("269.80999755859375", null)).toBe("269.81");
    expect(priceOnTick("269.8042", "0")).toBe("269.8042");
  });

  it("finds the band of a price", () => {
    const bands = [
      { from: "0", step: "0.0001" },
      { from: "1", step: "0.01" },
    ];
    expect(tickAt(bands, "0.5")).toBe("0.0001");
    expect(tickAt(bands, "1")).toBe("0.01");
    expect(tickAt([], "1")).toBeNull();
  });

  it("every price on a tick comes back from a 32-bit float as it was", () => {
    const ticks = fc.constantFrom("0.01", "0.05", "0.25", "0.0001", "0.005", "0.00390625");
    fc.assert(
      fc.property(ticks, fc.integer({ min: 1, max: 400_000 }), (tick, steps) => {
        const price = new Decimal(tick).times(steps);
        const sent = new Decimal(Math.fround(price.toNumber())).toFixed();
        expect(priceOnTick(sent, tick)).toBe(price.toFixed());
      }),
      { seed: 20261130, numRuns: 500 },
    );
  });

  it("no figure moves by more than the noise of a 32-bit float, and twice is once", () => {
    const figures = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(figures, fc.constantFrom("0.01", "0.25", null), (figure, tick) => {
        const text = new Decimal(figure).toFixed();
        const cleaned = priceOnTick(text, tick);
        const moved = new Decimal(cleaned).minus(text).abs();
        expect(moved.lessThanOrEqualTo(Math.abs(figure) * 2 ** -23)).toBe(true);
        expect(priceOnTick(cleaned, tick)).toBe(cleaned);
      }),
      { seed: 20261130, numRuns: 500 },
    );
  });
});
