import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { brokerText, label } from "./broker-text.ts";
import { LIMITS } from "./limits.ts";

describe("text that others wrote", () => {
  it("loses its markup, control and direction characters", () => {
    expect(
      brokerText("<h4>Order &quot;BUY&quot;</h4><br/>exceeds&nbsp;\u202eevil\u0000 cap"),
    ).toEqual({
      untrusted_text: 'Order "BUY" exceeds evil cap',
    });
    expect(brokerText("a &#60;b&#62; &#x1F600; &bogus; c")).toEqual({
      untrusted_text: "a <b> 😀 &bogus; c",
    });
  });

  it("is capped on whole characters, and nothing is null", () => {
    const long = brokerText("😀".repeat(2_000));
    expect([...(long?.untrusted_text ?? "")]).toHaveLength(LIMITS.brokerTextChars);
    expect(long?.untrusted_text.endsWith("…")).toBe(true);
    for (const none of [null, undefined, "", "  ", "<br>", {}, []])
      expect(brokerText(none)).toBeNull();
  });

  it("never holds what was to be taken out, whatever came in", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3_000 }), (text) => {
        const cleaned = label(text, 200);
        if (cleaned === null) return;
        expect([...cleaned].length).toBeLessThanOrEqual(200);
        expect(cleaned).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u);
      }),
      { seed: 20261120 },
    );
  });
});
