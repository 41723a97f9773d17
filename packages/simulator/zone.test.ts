import { describe, expect, it } from "vitest";
import {
  compactUtc,
  dateStamp,
  instantOf,
  localTime,
  nextTimeOfDay,
  pad,
  utcTime,
} from "./zone.ts";

const NEW_YORK = "America/New_York";

describe("wall-clock time in a zone", () => {
  it("goes there and back across both changes of the clock", () => {
    for (const [year, month, day] of [
      [2026, 3, 7],
      [2026, 3, 8],
      [2026, 3, 9],
      [2026, 10, 31],
      [2026, 11, 1],
      [2026, 11, 2],
    ] as const) {
      for (const hour of [0, 9, 16, 23]) {
        const at = instantOf(NEW_YORK, year, month, day, hour, 30);
        expect(localTime(at, NEW_YORK)).toMatchObject({ year, month, day, hour, minute: 30 });
      }
    }
  });

  it("finds the next midnight, which is 23 hours on when the clocks go forward", () => {
    const midnight = instantOf(NEW_YORK, 2026, 3, 8);
    expect(nextTimeOfDay(midnight, NEW_YORK, 0) - midnight).toBe(23 * 3_600_000);
    expect(nextTimeOfDay(midnight - 1, NEW_YORK, 0)).toBe(midnight);
  });

  it("shows what Intl shows, to the second, around the changes and in zones of odd offsets", () => {
    for (const zone of [NEW_YORK, "US/Central", "MET", "Asia/Kolkata", "Australia/Lord_Howe"]) {
      const clock = new Intl.DateTimeFormat("sv-SE", {
        timeZone: zone,
        dateStyle: "short",
        timeStyle: "medium",
      });
      for (const change of [
        Date.UTC(2026, 2, 8, 7),
        Date.UTC(2026, 2, 29, 1),
        Date.UTC(2026, 3, 4, 15),
        Date.UTC(2026, 10, 1, 6),
      ]) {
        for (let at = change - 3_600_000; at < change + 3_600_000; at += 407_999) {
          const { year, month, day, hour, minute, second } = localTime(at, zone);
          const shown = `${year}-${pad(month)}-${pad(day)} ${pad(hour)}:${pad(minute)}:${pad(second)}`;
          expect(shown).toBe(clock.format(at));
        }
      }
    }
  });

  it("writes times as trades and orders do", () => {
    const at = Date.UTC(2026, 3, 1, 23, 40, 47);
    expect(utcTime(at)).toBe("20260401-23:40:47");
    expect(compactUtc(at)).toBe("260401234047");
    expect(dateStamp(at, "Japan")).toBe("20260402");
  });
});
