import type { TradingSchedule } from "./trading-schedule.ts";
import { covers, regularSpan, wholeSpan } from "./trading-schedule.ts";

/** From when an order that is sent now can trade, and until when a day order of that session lives. */
export interface Activation {
  /** Null when the schedule does not cover the instant. */
  active_now: boolean | null;
  /** When it becomes active, RFC 3339; null when it is active now or nobody knows. */
  active_at: string | null;
  /** The trading day it then belongs to. */
  session_date: string | null;
  /** The end of that day's hours (with extended hours if the order has them): a day order ends then. */
  ends_at: string | null;
}

const NOT_KNOWN: Activation = {
  active_now: null,
  active_at: null,
  session_date: null,
  ends_at: null,
};

/**
 * When an order that is sent at an instant can trade. Everything is null where the schedule does not
 * cover that instant.
 *
 * @param outsideRth whether the order may trade in extended hours
 * @param atMs milliseconds since the epoch
 */
export function activationAt(
  schedule: TradingSchedule | null,
  atMs: number,
  outsideRth: boolean,
): Activation {
  if (schedule === null || !covers(schedule, atMs)) return NOT_KNOWN;
  const stretches = schedule.days.flatMap((day) => {
    const span = outsideRth ? wholeSpan(day) : regularSpan(day);
    const hours = outsideRth ? [...day.regular, ...day.extended] : day.regular;
    return hours.map(({ opening, closing }) => ({
      day: day.day,
      from: opening * 1000,
      to: closing * 1000,
      ends: span?.to ?? closing * 1000,
    }));
  });
  const iso = (ms: number): string => new Date(ms).toISOString();
  const present = stretches.find(({ from, to }) => from <= atMs && atMs < to);
  if (present !== undefined) {
    return {
      active_now: true,
      active_at: null,
      session_date: present.day,
      ends_at: iso(present.ends),
    };
  }
  const next = stretches
    .filter(({ from }) => from > atMs)
    .reduce<(typeof stretches)[number] | null>(
      (first, one) => (first === null || one.from < first.from ? one : first),
      null,
    );
  if (next === null) return { ...NOT_KNOWN, active_now: false };
  return {
    active_now: false,
    active_at: iso(next.from),
    session_date: next.day,
    ends_at: iso(next.ends),
  };
}
