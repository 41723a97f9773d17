import { describe, expect, it } from "vitest";
import { dayInZone, zoneFormats } from "./zone-format.ts";

describe("a time in a zone", () => {
  it("has the day of that zone's calendar", () => {
    const instant = Date.parse("2026-11-30T04:30:00Z");
    expect(dayInZone(instant, "America/New_York")).toBe("2026-11-29");
    expect(dayInZone(instant, "Asia/Tokyo")).toBe("2026-11-30");
    expect(dayInZone(Date.parse("0999-06-01T12:00:00Z"), "UTC")).toMatch(/-06-01$/);
  });

  it("is refused for a zone that nobody knows, each time", () => {
    for (const _ of [1, 2]) expect(() => dayInZone(0, "Mars/Olympus")).toThrow(RangeError);
  });

  it("is written by one formatter a zone", () => {
    const formats = zoneFormats("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    expect(formats("UTC")).toBe(formats("UTC"));
    expect(formats("Asia/Tokyo").format(0)).toBe("09:00");
    expect(formats("UTC").format(0)).toBe("00:00");
  });
});
