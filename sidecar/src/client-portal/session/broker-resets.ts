import { zoneFormats } from "@ibkr-edge-gateway/protocol/zone-format.ts";

/**
 * When the broker resets and mends its servers, computed in the zone of the nearest region. The
 * documents give the times in words and their conversions to UTC are wrong, so the zone database
 * is asked each time.
 */
export const RESET_ZONES = ["America/New_York", "Europe/Zurich", "Asia/Hong_Kong"] as const;
export type ResetZone = (typeof RESET_ZONES)[number];

/** The region a PC most likely belongs to, by its own time zone. */
export function nearestResetZone(localZone: string): ResetZone {
  if (/^(Asia|Australia|Pacific|Indian)\//.test(localZone)) return "Asia/Hong_Kong";
  if (/^(Europe|Africa|Atlantic|Arctic)\//.test(localZone)) return "Europe/Zurich";
  return "America/New_York";
}

export interface LocalTime {
  /** 0 is Sunday. */
  weekday: number;
  minuteOfDay: number;
  secondOfDay: number;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const clocks = zoneFormats("en-US", {
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

export function localTime(now: number, zone: string): LocalTime {
  const parts = new Map(
    clocks(zone)
      .formatToParts(now)
      .map((part) => [part.type, part.value]),
  );
  const minuteOfDay = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
  return {
    weekday: WEEKDAYS.indexOf(parts.get("weekday") ?? ""),
    minuteOfDay,
    secondOfDay: minuteOfDay * 60 + Number(parts.get("second")),
  };
}

/** The last answer for each zone: it holds from when it was asked until that midnight. */
const midnights = new Map<string, { from: number; at: number }>();

/** The next midnight in the zone, ms since the epoch. Days of 23 and 25 hours are theirs. */
export function nextMidnight(now: number, zone: string): number {
  const known = midnights.get(zone);
  if (known !== undefined && known.from <= now && now < known.at) return known.at;
  const at = findMidnight(now, zone);
  midnights.set(zone, { from: now, at });
  return at;
}

function findMidnight(now: number, zone: string): number {
  const { secondOfDay } = localTime(now, zone);
  let guess = now - (now % 1000) + (86_400 - secondOfDay) * 1000;
  // A change of clocks in between moves the guess by its hour; step back onto midnight.
  for (let step = 0; step < 3; step++) {
    const there = localTime(guess, zone).secondOfDay;
    if (there === 0) return guess;
    guess += there < 43_200 ? -there * 1000 : (86_400 - there) * 1000;
  }
  return guess;
}

const DAILY_FROM = 23 * 60 + 45;
const DAILY_UNTIL = 60 + 30;
const SATURDAY_FROM = 20 * 60;
const SUNDAY_UNTIL = 3 * 60;

/** True when failures are most likely the broker's nightly or weekly maintenance. */
export function inMaintenanceWindow(now: number, zone: string): boolean {
  const { weekday, minuteOfDay } = localTime(now, zone);
  if (minuteOfDay >= DAILY_FROM || minuteOfDay < DAILY_UNTIL) return true;
  if (weekday === 6 && minuteOfDay >= SATURDAY_FROM) return true;
  return weekday === 0 && minuteOfDay < SUNDAY_UNTIL;
}
