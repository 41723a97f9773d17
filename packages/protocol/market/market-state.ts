import * as z from "zod";
import { Day, Timestamp } from "../operation-schemas/field-types.ts";
import { dayInZone } from "../zone-format.ts";
import {
  covers,
  type Hours,
  regularSpan,
  type Span,
  spanAt,
  type TradingDay,
  type TradingSchedule,
  wholeSpan,
} from "./trading-schedule.ts";

/**
 * The state of one contract's market at one instant: the one notion that quotes, trading hours and
 * orders share. It is made of the broker's schedule and of what the quote itself says; where the
 * schedule does not cover the instant, the state is `unknown` and every time is null.
 */
export const MARKET_STATES = [
  /** Regular trading. */
  "open",
  /** Extended trading before the regular hours of the same day. */
  "pre_market",
  /** Extended trading after the regular hours. */
  "after_hours",
  /** Trading in a stretch that began on the evening before its trading day, until the regular hours. */
  "overnight",
  /** Trading hours, but the contract does not trade. */
  "halted",
  /** Nothing trades now; `next_open` says when it does. */
  "closed",
  "unknown",
] as const;
export const MarketPhase = z.enum(MARKET_STATES);
export type MarketPhase = z.infer<typeof MarketPhase>;

/** A regular session that is over. */
export const CompletedSession = z.strictObject({
  /** The trading day. */
  date: Day,
  /** The beginning of all its trading, extended hours included. */
  began_at: Timestamp,
  /** The end of its regular hours. */
  closed_at: Timestamp,
  /** The end of all its trading: a frozen price was made at this time at the latest. */
  trading_ended_at: Timestamp,
});
export type CompletedSession = z.infer<typeof CompletedSession>;

export const MarketState = z.strictObject({
  state: MarketPhase,
  /** The exchange's zone, in which the days are named; null without a schedule. */
  time_zone: z.string().max(40).nullable(),
  /** The trading day in progress, from its first trading to its last, breaks included. */
  session_date: Day.nullable(),
  /** When trading of that day began, extended hours included. */
  session_began_at: Timestamp.nullable(),
  /** The end of the present state, while anything trades; null where the schedule lists no end of it. */
  closes_at: Timestamp.nullable(),
  /** The next beginning of regular hours; null where none is listed, or where they do not end. */
  next_open: Timestamp.nullable(),
  /** The next beginning of any trading, extended hours included. */
  next_trading: Timestamp.nullable(),
  /** The latest completed regular session; null when the schedule does not reach back to it. */
  last_session: CompletedSession.nullable(),
});
export type MarketState = z.infer<typeof MarketState>;

/** What the quote says beyond the schedule. Absent and null say nothing. The broker marks no auctions. */
export interface MarketSignals {
  halted?: boolean | null;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));

/** The state at an instant, in milliseconds since the epoch. */
export function marketStateAt(
  schedule: TradingSchedule | null,
  atMs: number,
  signals: MarketSignals = {},
): MarketState {
  if (schedule === null || !covers(schedule, atMs)) {
    return {
      state: signals.halted === true ? "halted" : "unknown",
      time_zone: schedule?.timeZone.slice(0, 40) ?? null,
      session_date: null,
      session_began_at: null,
      closes_at: null,
      next_open: null,
      next_trading: null,
      last_session: null,
    };
  }
  const day = schedule.days.find((one) => holds(wholeSpan(one), atMs)) ?? null;
  const present = day === null ? null : phaseIn(schedule, day, atMs);
  const opening = (hours: "regular" | "any"): number | null => nextOpening(schedule, atMs, hours);
  return {
    state: withSignals(present?.state ?? "closed", signals),
    time_zone: schedule.timeZone.slice(0, 40),
    session_date: day?.day ?? null,
    session_began_at: isoOrNull((day === null ? null : wholeSpan(day))?.from ?? null),
    closes_at: isoOrNull(present?.until ?? null),
    next_open: isoOrNull(opening("regular")),
    next_trading: isoOrNull(opening("any")),
    last_session: lastCompletedSession(schedule, atMs),
  };
}

function withSignals(state: MarketPhase, signals: MarketSignals): MarketPhase {
  return state !== "closed" && signals.halted === true ? "halted" : state;
}

const holds = (span: Span | null, atMs: number): boolean =>
  span !== null && span.from <= atMs && atMs < span.to;

/**
 * The broker lists hours by trading day, also of a market that never closes: there the end of one
 * day's is the beginning of the next one's, and nobody sees a close.
 * @returns when regular trading really stops; null when it runs past the days that are listed
 */
function endOfOpen(schedule: TradingSchedule, regular: Span): number | null {
  const listed = schedule.days.flatMap((day) => day.regular);
  let end = regular.to;
  for (;;) {
    const next = listed.find(({ opening }) => opening * 1000 === end);
    if (next === undefined || next.closing * 1000 <= end) break;
    end = next.closing * 1000;
  }
  const last = Math.max(...listed.map(({ closing }) => closing * 1000));
  const continues = end > regular.to || adjoins(listed, regular.from);
  return continues && end === last ? null : end;
}

/** Whether hours that begin then only carry on what went before. */
const adjoins = (listed: readonly Hours[], openingMs: number): boolean =>
  listed.some(({ closing }) => closing * 1000 === openingMs);

function phaseIn(
  schedule: TradingSchedule,
  day: TradingDay,
  atMs: number,
): { state: MarketPhase; until: number | null } | null {
  const regular = spanAt(day.regular, atMs);
  if (regular !== null) return { state: "open", until: endOfOpen(schedule, regular) };
  const extended = spanAt(day.extended, atMs);
  if (extended === null) return null;
  const nextRegular = day.regular
    .map(({ opening }) => opening * 1000)
    .filter((opening) => opening > atMs && opening < extended.to);
  const until = Math.min(extended.to, ...nextRegular);
  const whole = regularSpan(day);
  if (whole !== null && atMs >= whole.to) return { state: "after_hours", until };
  const began = dayIn(extended.from, schedule.timeZone);
  return { state: began !== null && began < day.day ? "overnight" : "pre_market", until };
}

function nextOpening(
  schedule: TradingSchedule,
  atMs: number,
  hours: "regular" | "any",
): number | null {
  const regular = schedule.days.flatMap((day) => day.regular);
  const extended = hours === "regular" ? [] : schedule.days.flatMap((day) => day.extended);
  const openings = [regular, extended].flatMap((listed) =>
    listed
      .map(({ opening }) => opening * 1000)
      .filter((opening) => opening > atMs && !adjoins(listed, opening)),
  );
  return openings.length === 0 ? null : Math.min(...openings);
}

/**
 * The latest listed day whose regular hours are over. Days without trading are not listed, so no
 * session lies between it and the instant; when no past day is listed, the answer is null.
 */
export function lastCompletedSession(
  schedule: TradingSchedule,
  atMs: number,
): CompletedSession | null {
  if (!covers(schedule, atMs)) return null;
  const over = schedule.days.filter((day) => {
    const regular = regularSpan(day);
    return regular !== null && regular.to <= atMs;
  });
  const last = over.reduce<TradingDay | null>(
    (latest, day) => (latest === null || day.day > latest.day ? day : latest),
    null,
  );
  const regular = last === null ? null : regularSpan(last);
  const whole = last === null ? null : wholeSpan(last);
  if (last === null || regular === null || whole === null) return null;
  return {
    date: last.day,
    began_at: iso(whole.from),
    closed_at: iso(regular.to),
    trading_ended_at: iso(Math.min(whole.to, atMs)),
  };
}

/** The calendar day of an instant in a zone; null for a zone that this machine does not know. */
export function dayIn(atMs: number, zone: string): string | null {
  try {
    return dayInZone(atMs, zone);
  } catch {
    return null;
  }
}
