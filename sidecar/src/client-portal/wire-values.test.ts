import { Decimal } from "decimal.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseWireJson } from "./wire-json.ts";
import {
  toBoolean,
  toConid,
  toDay,
  toDecimal,
  toDisplayDecimal,
  toInteger,
} from "./wire-values.ts";

const PLAIN = /^-?(0|[1-9]\d*)(\.\d*[1-9])?$/;

describe("decimals from the wire", () => {
  it.each([
    ["655.8945922851562", "655.8945922851562"],
    ["44.0", "44"],
    ["-0.0", "0"],
    ["2.5849e-4", "0.00025849"],
    ["1E3", "1000"],
    ["994,831", "994831"],
    ["+7", "7"],
    ["0012", "12"],
    [" 5 ", "5"],
  ])("%s reads as %s", (written, read) => {
    expect(toDecimal(written)).toBe(read);
  });

  it.each([
    "",
    " ",
    "C8.01",
    "12.3M",
    "994,831 USD",
    "1,23",
    "--1",
    "NaN",
    "Infinity",
    "0x10",
    "1e9999",
    ".",
    "1.2.3",
  ])("%j is no figure", (written) => {
    expect(toDecimal(written)).toBeNull();
  });

  it("nothing that is missing becomes zero", () => {
    for (const value of [undefined, null, "", [], {}, true, Number.NaN]) {
      expect(toDecimal(value)).toBeNull();
      expect(toInteger(value)).toBeNull();
    }
  });

  it("keeps every digit of any figure, however it is written", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }),
        fc.integer({ min: 0, max: 18 }),
        (digits, scale) => {
          const exact = new Decimal(10).pow(-scale);
          const wanted = new Decimal(digits.toString());
          const text = Decimal.clone({ precision: 60 }).mul(wanted, exact).toFixed();
          const read = toDecimal(text);
          expect(read).toMatch(PLAIN);
          expect(new Decimal(read ?? "NaN").eq(text)).toBe(true);
        },
      ),
      { seed: 20261120 },
    );
  });

  it("is unchanged when it reads its own words", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
        (value) => {
          const once = toDecimal(value);
          expect(once).toMatch(PLAIN);
          expect(toDecimal(once)).toBe(once);
        },
      ),
      { seed: 20261120 },
    );
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const read of [toDecimal, toDisplayDecimal, toInteger, toBoolean, toConid, toDay])
          read(value);
      }),
      { seed: 20261120 },
    );
  });
});

describe("broker JSON", () => {
  it("reads a whole number with an exponent as that number, and keeps the digits of no whole one", () => {
    const json =
      '{"at":1.606867201E12,"id":1.763123450E9,"price":1.5E0,"near":1000000000.00000000001}';
    expect(parseWireJson(json)).toEqual({
      at: 1_606_867_201_000,
      id: 1_763_123_450,
      price: "1.5E0",
      near: "1000000000.00000000001",
    });
  });

  it("keeps digits that a double would lose, and plain integers as numbers", () => {
    const json =
      '{"id":12345678901234567890,"price":655.89459228515620000,"size":100,"nested":[0.1]}';
    expect(parseWireJson(json)).toEqual({
      id: "12345678901234567890",
      price: "655.89459228515620000",
      size: 100,
      nested: ["0.1"],
    });
  });

  it("reads every figure of up to 15 digits exactly, by the short way too", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -999_999_999, max: 999_999_999 }),
        fc.integer({ min: 0, max: 999_999 }),
        (whole, part) => {
          const written = `${whole}.${String(part).padStart(6, "0")}`;
          const read = toDecimal(parseWireJson(written));
          expect(new Decimal(read ?? "NaN").eq(written)).toBe(true);
        },
      ),
      { seed: 20261120 },
    );
  });
});

describe("other values of the wire", () => {
  it("a contract id is a positive number, in digits or not", () => {
    expect(toConid("756733")).toBe(756733);
    expect(toConid(756733)).toBe(756733);
    for (const none of [0, -1, "0", "", "756733@ARCA", 2 ** 31, 1.5, null])
      expect(toConid(none)).toBeNull();
  });

  it("yes and no come in many spellings", () => {
    for (const yes of [true, 1, "1", "true", "True", "YES"]) expect(toBoolean(yes)).toBe(true);
    for (const no of [false, 0, "0", "false", "no"]) expect(toBoolean(no)).toBe(false);
    for (const neither of ["", "maybe", 2, null, undefined]) expect(toBoolean(neither)).toBeNull();
  });

  it("a day must exist", () => {
    expect(toDay("20260417")).toBe("2026-04-17");
    expect(toDay(20260417)).toBe("2026-04-17");
    for (const none of ["20261340", "2026041", "", "0", null]) expect(toDay(none)).toBeNull();
  });

  it("a display's suffix is its scale", () => {
    expect(toDisplayDecimal("12.3M")).toBe("12300000");
    expect(toDisplayDecimal("1,200")).toBe("1200");
    expect(toDisplayDecimal("0.54%")).toBe("0.54");
    expect(toDisplayDecimal("n/a")).toBeNull();
  });
});
