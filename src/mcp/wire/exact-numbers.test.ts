import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asWritten, exactText, rewrittenNumbers } from "./exact-numbers.ts";

const read = (written: string) => {
  const text = `{"quantity":${written}}`;
  const value: number = JSON.parse(text).quantity;
  const rewritten = rewrittenNumbers(text);
  return { exact: exactText(value, rewritten), as: asWritten(value, rewritten) };
};

describe("a JSON number", () => {
  it.each([
    ["0.1", "0.1"],
    ["1", "1"],
    ["1.0", "1"],
    ["187.250", "187.25"],
    ["999999999.999999", "999999999.999999"],
    ["-3", "-3"],
    ["0.0000001", "0.0000001"],
    ["123456789012345", "123456789012345"],
  ])("%s passes as %s", (written, text) => {
    expect(read(written).exact).toBe(text);
  });

  it.each([
    ["9007199254740993", "9007199254740993"],
    ["1.00000000000000001", "1.00000000000000001"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["1e2", "100"],
    ["1E-2", "0.01"],
    ["1e308", null],
  ])("%s does not, and is asked for as %j", (written, text) => {
    expect(read(written)).toEqual({ exact: null, as: text });
  });

  it("never passes as another one than was written", () => {
    const digits = fc.stringMatching(/^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?$/);
    fc.assert(
      fc.property(digits, fc.constantFrom("", "e1", "E-3"), (number, exponent) => {
        const { exact } = read(number + exponent);
        const significant = number.includes(".") ? number.replace(/0+$/, "") : number;
        const long = significant.replace(".", "").replace(/^0+/, "").length > 15;
        if (exponent !== "" || long) expect(exact).toBeNull();
        else {
          const plain = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
          expect(exact).toBe(plain(number));
        }
      }),
      { seed: 20261130, numRuns: 3000 },
    );
  });

  it("is looked for outside of text only", () => {
    expect(rewrittenNumbers('{"a":"1e5 \\" 9007199254740993","b":[1e5]}')).toEqual(
      new Map([[100000, "1e5"]]),
    );
    expect(rewrittenNumbers('{"9007199254740993":1}').size).toBe(0);
  });
});
