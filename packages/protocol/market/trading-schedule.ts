/**
 * When a contract trades, as the broker's dated schedule says it. Days without trading are not in
 * it, so a gap between two listed days is closed time. A day's name is its trading day in the
 * exchange's zone; its hours may begin on the evening before.
 */

/** Seconds since the Unix epoch; `closing` is the first second outside. */
export interface Hours {
  opening: number;
  closing: number;
}

export interface TradingDay {
  /** `YYYY-MM-DD`. */
  day: string;
  regular: Hours[];
  /** May span the regular hours, as it does for shares in New York. */
  extended: Hours[];
}

export interface TradingSchedule {
  /** IANA name; the broker also writes old ones (`US/Eastern`, `MET`, `Japan`). */
  timeZone: string;
  /** Ascending. */
  days: TradingDay[];
}

/** One stretch in milliseconds since the epoch. */
export interface Span {
  from: number;
  to: number;
}

/**
 * From the first opening to the last closing of the day's regular hours, breaks included, in ms
 * since the epoch; null where it has none.
 */
export function regularSpan(day: TradingDay): Span | null {
  return around(day.regular);
}

/** Regular and extended hours together, breaks included. */
export function wholeSpan(day: TradingDay): Span | null {
  return around([...day.regular, ...day.extended]);
}

function around(hours: readonly Hours[]): Span | null {
  if (hours.length === 0) return null;
  return {
    from: Math.min(...hours.map(({ opening }) => opening)) * 1000,
    to: Math.max(...hours.map(({ closing }) => closing)) * 1000,
  };
}

/** The stretch of these hours that holds the instant. */
export function spanAt(hours: readonly Hours[], atMs: number): Span | null {
  const found = hours.find(
    ({ opening, closing }) => opening * 1000 <= atMs && atMs < closing * 1000,
  );
  return found === undefined ? null : { from: found.opening * 1000, to: found.closing * 1000 };
}

/**
 * A schedule lists the days around the present one. One that begins this much later still says that
 * nothing trades until then; one that begins later than that is of another time.
 */
const LONGEST_CLOSURE_AHEAD_MS = 7 * 86_400_000;

/** Whether the schedule says anything about this instant. */
export function covers(schedule: TradingSchedule, atMs: number): boolean {
  const spans = schedule.days.flatMap((day) => wholeSpan(day) ?? []);
  if (spans.length === 0) return false;
  const first = Math.min(...spans.map(({ from }) => from));
  const last = Math.max(...spans.map(({ to }) => to));
  return atMs >= first - LONGEST_CLOSURE_AHEAD_MS && atMs < last;
}
