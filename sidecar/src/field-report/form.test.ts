import { describe, expect, it } from "vitest";
import { formOf, textForm } from "./form.ts";
import { parseAsWritten } from "./wire-numbers.ts";

describe("the form of a value", () => {
  it.each([
    ["0", "number 0"],
    ["-0.00", "number 0"],
    ["-1", "number -1"],
    ["-1.00", "number -1"],
    ["7", "number 9"],
    ["1234567", "number 9"],
    ["-48213.77", "number -9.9{2}"],
    ["655.8945922851562", "number 9.9{5+}"],
    ["100000000000000001", "number 9{16+}"],
    ["1.7E12", "number 9.9{1}E9"],
    ["true", "boolean"],
    ["null", "null"],
    ["[]", "list, empty"],
    ["{}", "record"],
  ])("of %s is %s", (json, form) => {
    expect(formOf(parseAsWritten(json))).toBe(form);
  });

  it.each([
    ["", "empty"],
    ["N/A", "N/A"],
    ["USD", "A{3}"],
    ["GBp", "A{2}a"],
    ["U7654321", "A9"],
    ["Hildegard Brenneisen", "Aa{4+} Aa{4+}"],
    ["Jürg", "ALa{2}"],
    ["48213.77", "9.9{2}"],
    ["1,234,567.89", "9,9.9{2}"],
    ["725.00 GBP", "9.9{2} A{3}"],
    ["C12.30", "C9.9{2}"],
    ["25.5M", "9.9{1}M"],
    ["+0.4%", "+9.9{1}%"],
    ["-1.00", "-1"],
    ["0.0000", "0"],
    ["20260401", "date 9{8}"],
    ["20260401-13:30:00", "date 9{8}-9{2}:9{2}:9{2}"],
    ["260401133000", "date 9{12}"],
    ["1775050200000", "date 9{13}"],
    // No date: an amount of eight digits says nothing of its size.
    ["48213077", "9"],
    ["4c1f9ab2-77de-4b0c-a1f0-0f2e9c61d7aa", "letters and digits, mixed"],
    ["Bought 300 shares of my own firm at 4821.55 dollars", "long text"],
    ["<b>Warning</b> of five words and more here", "long text, with marks of HTML"],
  ])("of the text %j is %s", (text, form) => {
    expect(textForm(text)).toBe(form);
  });
});
