import { describe, expect, it } from "vitest";
import { isUsHalfDay, isUsHoliday } from "./us-holidays.ts";
import { hoursOf } from "./venue-hours.ts";

/** As the exchange publishes them. */
const SHUT: Record<number, string> = {
  2024: "0101 0115 0219 0329 0527 0619 0704 0902 1128 1225",
  2025: "0101 0120 0217 0418 0526 0619 0704 0901 1127 1225",
  2026: "0101 0119 0216 0403 0525 0619 0703 0907 1126 1225",
  2027: "0101 0118 0215 0326 0531 0618 0705 0906 1125 1224",
  2028: "0117 0221 0414 0529 0619 0704 0904 1123 1225",
};
const HALF: Record<number, string> = {
  2024: "0703 1129 1224",
  2025: "0703 1128 1224",
  2026: "1127 1224",
  2027: "1126",
  2028: "0703 1124",
};

function daysOf(year: number, holds: (stamp: string) => boolean): string {
  const found: string[] = [];
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
    const stamp = new Date(at).toISOString().slice(0, 10).replaceAll("-", "");
    if (holds(stamp)) found.push(stamp.slice(4));
  }
  return found.join(" ");
}

describe("the days of New York's exchanges", () => {
  it.each(Object.keys(SHUT).map(Number))("are those that were published for %i", (year) => {
    expect(daysOf(year, isUsHoliday)).toBe(SHUT[year]);
    expect(daysOf(year, isUsHalfDay)).toBe(HALF[year]);
  });

  it("are kept in every year: nine or ten shut, at most three half, all on weekdays", () => {
    for (let year = 2026; year <= 2099; year += 1) {
      const shut = daysOf(year, isUsHoliday).split(" ");
      expect(shut.length).toBeGreaterThanOrEqual(9);
      expect(shut.length).toBeLessThanOrEqual(10);
      expect(daysOf(year, isUsHalfDay).split(" ").length).toBeLessThanOrEqual(3);
      for (const day of shut) {
        const weekday = new Date(
          Date.UTC(year, Number(day.slice(0, 2)) - 1, Number(day.slice(2))),
        ).getUTCDay();
        expect([1, 2, 3, 4, 5]).toContain(weekday);
      }
    }
  });

  it("close the simulated market in years to come", () => {
    const { isOpen } = hoursOf("exchange");
    expect(isOpen("us-stocks", "liquid", Date.UTC(2031, 6, 4, 15))).toBe(false);
    expect(isOpen("us-stocks", "liquid", Date.UTC(2031, 6, 3, 16))).toBe(true);
    expect(isOpen("us-stocks", "liquid", Date.UTC(2031, 6, 3, 18))).toBe(false);
  });
});
