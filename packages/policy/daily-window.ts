import { zoneFormats } from "@ibkr-edge-gateway/protocol/zone-format.ts";
import type { DailyWindow } from "./document.ts";

const clocks = zoneFormats("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

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
  return minutes(clocks(zone).format(nowMs));
}

function minutes(clock: string): number {
  const [hours = "", rest = ""] = clock.split(":");
  return Number(hours) * 60 + Number(rest);
}
