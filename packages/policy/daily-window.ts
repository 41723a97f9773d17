import type { DailyWindow } from "./document.ts";

/**
 * Whether an instant lies in a daily window of a time zone. Formatters are dear to make and hold
 * nothing but their zone, so one of each is kept.
 */
const FORMATTERS = new Map<string, Intl.DateTimeFormat>();

/**
 * Whether an instant (ms since the epoch) lies in a window; its first minute does, its last one
 * does not, and a window may run over midnight. Throws RangeError on a zone nobody knows.
 */
export function inDailyWindow(window: DailyWindow, nowMs: number): boolean {
  const minute = minuteOfDay(window.zone, nowMs);
  const from = minutes(window.from);
  const to = minutes(window.to);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** Minutes since local midnight. Throws RangeError on a zone nobody knows. */
export function minuteOfDay(zone: string, nowMs: number): number {
  let formatter = FORMATTERS.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    FORMATTERS.set(zone, formatter);
  }
  return minutes(formatter.format(nowMs));
}

function minutes(clock: string): number {
  const [hours = "", rest = ""] = clock.split(":");
  return Number(hours) * 60 + Number(rest);
}
