import { minuteOfDay } from "@ibkr-edge-gateway/policy/daily-window.ts";
import { ulid, ulidTime } from "@ibkr-edge-gateway/protocol/ulid.ts";
import { hoursOf } from "@ibkr-edge-gateway/simulator/market/venue-hours.ts";
import { instantOf, localTime } from "@ibkr-edge-gateway/simulator/zone.ts";
import { describe, expect, it } from "vitest";
import { tradingDay } from "../../../durable-objects/account/orders/rules/limits/trading-day.ts";
import {
  inMaintenanceWindow,
  nextMidnight,
  RESET_ZONES,
} from "../../../sidecar/src/client-portal/session/broker-resets.ts";

/** Every calendar of the product, asked about the day around the machine's present. */
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NOW = Date.now();
/** Each hour around now, and the last moment before it and the first of it. */
const MOMENTS = Array.from({ length: 31 }, (_, at) => NOW + (at - 15) * HOUR_MS).flatMap((at) => [
  at,
  Math.floor(at / HOUR_MS) * HOUR_MS,
  Math.floor(at / HOUR_MS) * HOUR_MS - 1,
]);
const ZONES = [...RESET_ZONES, "Pacific/Auckland", "Asia/Kolkata", "America/Los_Angeles", "UTC"];

/** The wall's clock in a zone, from another formatter than any of the product's. */
const walls = new Map<string, Intl.DateTimeFormat>();
function clockIn(zone: string, at: number): { day: string; minute: number } {
  const wall =
    walls.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  walls.set(zone, wall);
  const text = wall.format(at);
  const [day = "", time = ""] = text.split(" ");
  const [hour = "", minute = ""] = time.split(":");
  return { day, minute: Number(hour) * 60 + Number(minute) };
}

describe.each(ZONES)("in %s", (zone) => {
  it("the day, the minute and the next midnight are those of the wall there", () => {
    for (const at of MOMENTS) {
      const wall = clockIn(zone, at);
      expect(tradingDay(at, zone)).toBe(wall.day);
      expect(minuteOfDay(zone, at)).toBe(wall.minute);
      const shown = localTime(at, zone);
      expect(shown.hour * 60 + shown.minute).toBe(wall.minute);
      const midnight = nextMidnight(at, zone);
      expect(midnight).toBeGreaterThan(at);
      expect(midnight - at).toBeLessThanOrEqual(25 * HOUR_MS);
      expect(clockIn(zone, midnight).minute).toBe(0);
      expect(clockIn(zone, midnight - 1).day).toBe(wall.day);
    }
  });

  it("what a wall shows is found again, but for the hour that is skipped or comes twice", () => {
    for (const at of MOMENTS) {
      const { year, month, day, hour, minute } = localTime(at, zone);
      const found = instantOf(zone, year, month, day, hour, minute);
      expect(clockIn(zone, found)).toEqual(clockIn(zone, at));
    }
  });
});

describe("the broker's nightly reset", () => {
  it.each(RESET_ZONES)("is over within three hours on a weekday, in %s", (zone) => {
    for (const at of MOMENTS) {
      const { weekday } = localTime(at, zone);
      if (weekday === 0 || weekday === 6 || !inMaintenanceWindow(at, zone)) continue;
      expect(inMaintenanceWindow(at + 3 * HOUR_MS, zone)).toBe(false);
    }
  });
});

describe.each(["exchange", "always"] as const)("the simulator's market, hours %s", (setting) => {
  const { isOpen, lastTradedAt, nextOpening, previousClose } = hoursOf(setting);

  it("opens within five days, has last traded by now, and closed before", () => {
    for (const at of MOMENTS) {
      for (const venue of ["us-stocks", "us-options", "us-futures", "fx", "xetra"] as const) {
        const opening = nextOpening(venue, "liquid", at);
        expect(opening, `${venue} after ${new Date(at).toISOString()}`).toBeDefined();
        expect((opening ?? 0) - at).toBeLessThan(5 * 24 * HOUR_MS);
        expect(isOpen(venue, "liquid", opening ?? 0)).toBe(true);
        if (setting === "always") expect(isOpen(venue, "liquid", at)).toBe(true);
        expect(lastTradedAt(venue, at)).toBeLessThanOrEqual(at);
        expect(previousClose(venue, at)).toBeLessThanOrEqual(at);
      }
    }
  });
});

it("an id carries its millisecond, and sorts by it", () => {
  const [before, now, after] = [ulid(NOW - 1), ulid(NOW), ulid(NOW + 1)];
  expect([before, now, after].map(ulidTime)).toEqual([NOW - 1, NOW, NOW + 1]);
  expect([after, now, before].sort()).toEqual([before, now, after]);
});
