import { describe, expect, it } from "vitest";
import { barsBefore, parseSpan } from "./bars.ts";
import { createMarket } from "./market.ts";
import { hoursOf } from "./venue-hours.ts";

const NOW = Date.UTC(2026, 3, 1, 18);
const market = createMarket(1, () => NOW, hoursOf("exchange"));
const apple = market.find(265598);
if (apple === undefined) throw new Error("no instrument");

describe("bars", () => {
  it("end at the window's end, lie in trading hours and hang together", () => {
    const bars = barsBefore(
      market,
      1,
      apple,
      NOW,
      { count: 2, unit: "d" },
      { count: 5, unit: "min" },
      false,
    );
    expect(bars.length).toBe(54 + 78);
    for (const [index, bar] of bars.entries()) {
      expect(market.hours.isOpen("us-stocks", "liquid", bar.at)).toBe(true);
      expect(bar.high.gte(bar.open) && bar.high.gte(bar.close)).toBe(true);
      expect(bar.low.lte(bar.open) && bar.low.lte(bar.close)).toBe(true);
      const next = bars[index + 1];
      if (next !== undefined) expect(next.at).toBeGreaterThan(bar.at);
    }
    expect(bars.at(-1)?.at).toBe(NOW - 5 * 60_000);
    expect(bars.at(-1)?.close.toString()).toBe(market.quote(apple).last.toString());
  });

  it("are a thousand at most, and as many as the hours asked for", () => {
    const many = barsBefore(
      market,
      1,
      apple,
      NOW,
      { count: 1000, unit: "d" },
      { count: 1, unit: "min" },
      false,
    );
    expect(many.length).toBe(1_000);
    const hours = barsBefore(
      market,
      1,
      apple,
      NOW,
      { count: 7, unit: "h" },
      { count: 5, unit: "min" },
      false,
    );
    expect(hours.length).toBe(84);
  });

  it.each([
    ["6h", true],
    ["1d", true],
    ["1000d", true],
    ["30min", true],
    ["1m", true],
    ["15y", true],
    ["1001d", false],
    ["31min", false],
    ["9h", false],
    ["6H", false],
    ["", false],
    ["1x", false],
    ["0d", false],
  ])("the span %s is understood: %s", (text, known) => {
    expect(parseSpan(text) !== undefined).toBe(known);
  });
});
