/** Wall-clock time in an IANA zone, both ways, by way of Intl. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  /** 0 is Sunday. */
  weekday: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Zones change their offset at quarters of an hour, so one look at Intl serves for a quarter. */
const QUARTER_MS = 15 * 60_000;
const QUARTERS_KEPT = 20_000;
const offsets = new Map<string, Map<number, number>>();

function offsetAt(at: number, zone: string): number {
  let known = offsets.get(zone);
  if (known === undefined) {
    known = new Map();
    offsets.set(zone, known);
  }
  const quarter = Math.floor(at / QUARTER_MS);
  let offset = known.get(quarter);
  if (offset === undefined) {
    const start = quarter * QUARTER_MS;
    const found: Record<string, number> = {};
    for (const part of formatOf(zone).formatToParts(start)) found[part.type] = Number(part.value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
    offset = Date.UTC(year, month - 1, day, hour, minute, second) - start;
    if (known.size >= QUARTERS_KEPT) known.clear();
    known.set(quarter, offset);
  }
  return offset;
}

/**
 * The wall clock of a zone at an instant (ms since the epoch). Month is 1-based; Sunday is weekday
 * 0.
 */
export function localTime(at: number, zone: string): LocalTime {
  const shown = new Date(at + offsetAt(at, zone));
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth() + 1,
    day: shown.getUTCDate(),
    hour: shown.getUTCHours(),
    minute: shown.getUTCMinutes(),
    second: shown.getUTCSeconds(),
    weekday: shown.getUTCDay(),
  };
}

/** The instant at which the zone's clocks show this; in a gap of daylight saving, the instant after it. */
export function instantOf(
  zone: string,
  year: number,
  month: number,
  day: number,
  hour = 0,
  minute = 0,
): number {
  const wanted = Date.UTC(year, month - 1, day, hour, minute);
  let guess = wanted;
  for (let round = 0; round < 3; round++) {
    const shown = localTime(guess, zone);
    const error =
      wanted - Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute);
    if (error === 0) return guess;
    guess += error;
  }
  return guess;
}

/** The next instant after `now` at which the zone's clocks show this time of day. */
export function nextTimeOfDay(now: number, zone: string, hour: number, minute = 0): number {
  const local = localTime(now, zone);
  for (let days = 0; ; days++) {
    const at = instantOf(zone, local.year, local.month, local.day + days, hour, minute);
    if (at > now) return at;
  }
}

/** `20260402`, the date in the zone. */
export function dateStamp(at: number, zone: string): string {
  const { year, month, day } = localTime(at, zone);
  return stampOf(year, month, day);
}

/** `20260402`. */
export function stampOf(year: number, month: number, day: number): string {
  return `${year}${pad(month)}${pad(day)}`;
}

/** `20260402-13:30:00` in UTC, as in trades. */
export function utcTime(at: number): string {
  const iso = new Date(at).toISOString();
  return `${iso.slice(0, 10).replaceAll("-", "")}-${iso.slice(11, 19)}`;
}

/** `260402133000` in UTC, as in live orders. */
export function compactUtc(at: number): string {
  return new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "");
}

/** Two digits. */
export function pad(value: number): string {
  return String(value).padStart(2, "0");
}
