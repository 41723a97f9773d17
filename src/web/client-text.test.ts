import fc from "fast-check";
import { expect, it } from "vitest";
import { displayText } from "./client-text.ts";

it("keeps what can be read, and nothing that only changes how the rest is read", () => {
  expect(displayText("  Claude\tCode\r\n(beta) ")).toBe("Claude Code (beta)");
  expect(displayText("\u202Eedoc\u202C\u200B \u2066x\u2069")).toBe("edoc x");
  expect(displayText("日本語 Ünïcode 👍")).toBe("日本語 Ünïcode 👍");
  expect(displayText("x".repeat(200))).toHaveLength(80);
  expect(displayText("👍".repeat(90), 10)).toBe(`${"👍".repeat(9)}…`);
});

it("never gives back a control or format character, and never more than it may", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.integer({ min: 1, max: 90 }),
      (text, max) => {
        const shown = displayText(text, max);
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/u);
        expect([...shown].length).toBeLessThanOrEqual(max);
      },
    ),
    { seed: 20261120, numRuns: 2000 },
  );
});
