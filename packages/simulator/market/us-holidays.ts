import { stampOf } from "../zone.ts";

/** The days of New York's exchanges, by their rules and so for every year. */
interface Days {
  /** `YYYYMMDD`. */
  readonly shut: ReadonlySet<string>;
  /** Trading ends about 13:00. */
  readonly half: ReadonlySet<string>;
}

/** Whether New York does not trade on a day (`YYYYMMDD`); weekends aside. */
export const isUsHoliday = (stamp: string): boolean => daysOf(stamp).shut.has(stamp);
/** Whether New York closes early on a day (`YYYYMMDD`). */
export const isUsHalfDay = (stamp: string): boolean => daysOf(stamp).half.has(stamp);

const known = new Map<number, Days>();

function daysOf(stamp: string): Days {
  const year = Number(stamp.slice(0, 4));
  let days = known.get(year);
  if (days === undefined) {
    days = makeDays(year);
    known.set(year, days);
  }
  return days;
}

const [MONDAY, THURSDAY, SATURDAY] = [1, 4, 6];

/** Month is 1-based, and a day may overflow it. */
const dayOf = (year: number, month: number, day: number): Date =>
  new Date(Date.UTC(year, month - 1, day));

const stamped = (day: Date): string =>
  stampOf(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate());

function makeDays(year: number): Days {
  const on = (month: number, day: number): Date => dayOf(year, month, day);
  const newYear = on(1, 1);
  const thanksgiving = nth(year, 11, THURSDAY, 4);
  const shut = new Set(
    [
      // The books of a year are closed on its last day: no Friday before stands in for a Saturday.
      ...(newYear.getUTCDay() === SATURDAY ? [] : [observed(newYear)]),
      nth(year, 1, MONDAY, 3),
      nth(year, 2, MONDAY, 3),
      goodFriday(year),
      lastMonday(year, 5),
      observed(on(6, 19)),
      observed(on(7, 4)),
      nth(year, 9, MONDAY, 1),
      thanksgiving,
      observed(on(12, 25)),
    ].map(stamped),
  );
  const half = [on(7, 3), new Date(thanksgiving.getTime() + 86_400_000), on(12, 24)].filter(
    (day) => day.getUTCDay() % 6 !== 0 && !shut.has(stamped(day)),
  );
  return { shut, half: new Set(half.map(stamped)) };
}

/** A Saturday's holiday is kept on the Friday before, a Sunday's on the Monday after. */
function observed(day: Date): Date {
  const shift = day.getUTCDay() === SATURDAY ? -1 : day.getUTCDay() === 0 ? 1 : 0;
  return dayOf(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate() + shift);
}

function nth(year: number, month: number, weekday: number, which: number): Date {
  const first = dayOf(year, month, 1).getUTCDay();
  return dayOf(year, month, 1 + ((weekday - first + 7) % 7) + (which - 1) * 7);
}

function lastMonday(year: number, month: number): Date {
  const last = dayOf(year, month + 1, 0);
  return dayOf(year, month, last.getUTCDate() - ((last.getUTCDay() - MONDAY + 7) % 7));
}

/** Two days before Easter of the Gregorian calendar, by the golden number and the Sunday after. */
function goodFriday(year: number): Date {
  const golden = year % 19;
  const century = Math.floor(year / 100);
  const epact =
    (century - Math.floor(century / 4) - Math.floor((8 * century + 13) / 25) + 19 * golden + 15) %
    30;
  const moon =
    epact -
    Math.floor(epact / 28) *
      (1 - Math.floor(epact / 28) * Math.floor(29 / (epact + 1)) * Math.floor((21 - golden) / 11));
  const weekday = (year + Math.floor(year / 4) + moon + 2 - century + Math.floor(century / 4)) % 7;
  return dayOf(year, 3, 28 + moon - weekday - 2);
}
