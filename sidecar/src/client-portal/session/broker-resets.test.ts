import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  inMaintenanceWindow,
  localTime,
  nearestResetZone,
  nextMidnight,
  RESET_ZONES,
} from "./broker-resets.ts";

describe("the broker's calendar", () => {
  it.each([
    // Clocks go forward on 8 March 2026 and back on 1 November 2026 in New York.
    ["2026-03-08T04:59:00Z", "America/New_York", "2026-03-08T05:00:00Z"],
    ["2026-03-08T05:00:00Z", "America/New_York", "2026-03-09T04:00:00Z"],
    ["2026-11-01T04:30:00Z", "America/New_York", "2026-11-02T05:00:00Z"],
    ["2026-03-28T23:30:00Z", "Europe/Zurich", "2026-03-29T22:00:00Z"],
    ["2026-07-01T15:59:59Z", "Asia/Hong_Kong", "2026-07-01T16:00:00Z"],
  ])("after %s in %s midnight is %s", (now, zone, midnight) => {
    expect(new Date(nextMidnight(Date.parse(now), zone)).toISOString()).toBe(
      midnight.replace("Z", ".000Z"),
    );
  });

  it("midnight is midnight, ahead, and within 25 hours, at any time of any year", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2032, 0, 1) }),
        fc.constantFrom(...RESET_ZONES),
        (now, zone) => {
          const at = nextMidnight(now, zone);
          expect(localTime(at, zone).secondOfDay).toBe(0);
          expect(at).toBeGreaterThan(now);
          expect(at - now).toBeLessThanOrEqual(25 * 3_600_000);
        },
      ),
      { seed: 20261120, numRuns: 300 },
    );
  });

  it.each([
    ["2026-04-02T03:50:00Z", true], // Wednesday 23:50
    ["2026-04-02T05:29:00Z", true], // Thursday 01:29
    ["2026-04-02T05:31:00Z", false],
    ["2026-04-02T16:00:00Z", false],
    ["2026-04-05T01:00:00Z", true], // Saturday 21:00
    ["2026-04-05T06:30:00Z", true], // Sunday 02:30
    ["2026-04-05T08:00:00Z", false],
  ])("%s in New York is maintenance: %s", (now, expected) => {
    expect(inMaintenanceWindow(Date.parse(now), "America/New_York")).toBe(expected);
  });

  it("picks the region of the PC's own zone", () => {
    expect(nearestResetZone("Europe/Berlin")).toBe("Europe/Zurich");
    expect(nearestResetZone("Asia/Tokyo")).toBe("Asia/Hong_Kong");
    expect(nearestResetZone("America/Chicago")).toBe("America/New_York");
    expect(nearestResetZone("UTC")).toBe("America/New_York");
  });
});
