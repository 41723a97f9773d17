import type { Decimal } from "decimal.js";
import { localTime } from "../zone.ts";
import type { Instrument } from "./instrument.ts";
import type { Market } from "./market.ts";
import { chance, onTick } from "./prices.ts";
import { type MarketCalendar, zoneOf } from "./venue-hours.ts";

export interface Bar {
  /** Start, Unix milliseconds. */
  at: number;
  open: Decimal;
  close: Decimal;
  high: Decimal;
  low: Decimal;
  volume: number;
}

/** A period or bar: `6h`, `1d`, `1m` (a month), `30min`. */
export interface BarSpan {
  count: number;
  unit: "min" | "h" | "d" | "w" | "m" | "y";
}

const DAY_MS = 86_400_000;
export const UNIT_MS: Record<BarSpan["unit"], number> = {
  min: 60_000,
  h: 3_600_000,
  d: DAY_MS,
  w: 7 * DAY_MS,
  m: 30 * DAY_MS,
  y: 365 * DAY_MS,
};
const LARGEST: Record<BarSpan["unit"], number> = { min: 30, h: 8, d: 1000, w: 792, m: 182, y: 15 };

/** Parses a span; lower case only, and within the server's limits. */
export function parseSpan(text: string): BarSpan | undefined {
  const match = /^(\d{1,4})(min|h|d|w|m|y)$/.exec(text);
  const unit = match?.[2];
  const count = Number(match?.[1]);
  if (
    unit !== "min" &&
    unit !== "h" &&
    unit !== "d" &&
    unit !== "w" &&
    unit !== "m" &&
    unit !== "y"
  ) {
    return undefined;
  }
  return count >= 1 && count <= LARGEST[unit] ? { count, unit } : undefined;
}

export const MOST_BARS = 1_000;

/** Starts of bars, newest first, walking back through trading time from `end`. */
function* starts(
  hours: MarketCalendar,
  instrument: Instrument,
  end: number,
  bar: BarSpan,
  outside: boolean,
): Generator<[number, number]> {
  const kind = outside ? "extended" : "liquid";
  const length = bar.count * UNIT_MS[bar.unit];
  if (bar.unit === "w" || bar.unit === "m" || bar.unit === "y") {
    for (
      let at = calendarStart(instrument, end, bar);
      ;
      at = calendarStart(instrument, at - 1, bar)
    ) {
      yield [at, Math.min(at + length, end)];
    }
  }
  for (let day = end; ; day -= 7 * DAY_MS) {
    const sessions = hours.sessionsAround(instrument.venue, kind, day, 6, 0).toReversed();
    for (const { session } of sessions) {
      if (session.opens >= end) continue;
      const closes = Math.min(session.closes, end);
      if (bar.unit === "d") {
        yield [session.opens, closes];
        continue;
      }
      const whole = Math.ceil((closes - session.opens) / length);
      for (let index = whole - 1; index >= 0; index--) {
        const at = session.opens + index * length;
        yield [at, Math.min(at + length, closes)];
      }
    }
  }
}

function calendarStart(instrument: Instrument, at: number, bar: BarSpan): number {
  const local = localTime(at, zoneOf(instrument.venue));
  if (bar.unit === "w") {
    return Date.UTC(local.year, local.month - 1, local.day - ((local.weekday + 6) % 7));
  }
  return bar.unit === "m" ? Date.UTC(local.year, local.month - 1, 1) : Date.UTC(local.year, 0, 1);
}

const SAMPLES = 8;

function makeBar(
  market: Market,
  seed: number,
  instrument: Instrument,
  from: number,
  to: number,
): Bar {
  let high = -Infinity;
  let low = Infinity;
  const at = (part: number): number => market.priceAt(instrument, from + (to - from) * part);
  for (let sample = 0; sample <= SAMPLES; sample++) {
    const price = at(sample / SAMPLES);
    high = Math.max(high, price);
    low = Math.min(low, price);
  }
  const share = (to - from) / (6.5 * 3_600_000);
  const busy = 0.5 + chance(seed, instrument.conid, from, 60_000);
  const tick = instrument.tick;
  return {
    at: from,
    open: onTick(at(0), tick),
    close: onTick(at(1), tick),
    high: onTick(high, tick),
    low: onTick(low, tick),
    volume: Math.round((50_000_000 / Math.sqrt(instrument.base)) * share * busy),
  };
}

/** Bars of a window that ends at `end`, oldest first, at most a thousand. */
export function barsBefore(
  market: Market,
  seed: number,
  instrument: Instrument,
  end: number,
  period: BarSpan,
  bar: BarSpan,
  outside: boolean,
): Bar[] {
  const bars: Bar[] = [];
  // A day asked for is a day of trading, however many nights and weekends lie between.
  const days = period.unit === "d" ? period.count : Infinity;
  const earliest = end - period.count * UNIT_MS[period.unit];
  const intraday = period.unit === "min" || period.unit === "h";
  // Hours asked for are hours of trading as well.
  const most = intraday
    ? Math.ceil((period.count * UNIT_MS[period.unit]) / (bar.count * UNIT_MS[bar.unit]))
    : MOST_BARS;
  const seenDays = new Set<number>();
  for (const [from, to] of starts(market.hours, instrument, end, bar, outside)) {
    if (bars.length >= Math.min(most, MOST_BARS)) break;
    seenDays.add(Math.floor(from / DAY_MS));
    if (
      seenDays.size > days ||
      (!intraday && days === Infinity && from < earliest && bars.length > 0)
    )
      break;
    bars.push(makeBar(market, seed, instrument, from, to));
  }
  return bars.reverse();
}
