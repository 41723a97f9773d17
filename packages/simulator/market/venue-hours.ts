import { instantOf, localTime, stampOf } from "../zone.ts";
import type { MarketHours } from "./hours-setting.ts";
import type { Venue } from "./instrument.ts";
import { isUsHalfDay, isUsHoliday } from "./us-holidays.ts";

/** One stretch of trading, in Unix milliseconds. */
export interface TradingStretch {
  opens: number;
  closes: number;
}

interface Pattern {
  zone: string;
  liquid: [string, string];
  extended: [string, string];
  /** Opens the evening before. */
  overnight?: boolean;
  everyDay?: boolean;
}

const PATTERNS: Record<Venue, Pattern> = {
  "us-stocks": { zone: "US/Eastern", liquid: ["09:30", "16:00"], extended: ["04:00", "20:00"] },
  "us-options": { zone: "US/Eastern", liquid: ["09:30", "16:15"], extended: ["09:30", "16:15"] },
  "us-futures": {
    zone: "US/Central",
    liquid: ["08:30", "16:00"],
    extended: ["17:00", "16:00"],
    overnight: true,
  },
  fx: {
    zone: "US/Eastern",
    liquid: ["17:15", "17:00"],
    extended: ["17:15", "17:00"],
    overnight: true,
  },
  crypto: {
    zone: "US/Eastern",
    liquid: ["00:00", "24:00"],
    extended: ["00:00", "24:00"],
    everyDay: true,
  },
  xetra: { zone: "MET", liquid: ["09:00", "17:30"], extended: ["09:00", "17:30"] },
  mexico: { zone: "America/Mexico_City", liquid: ["08:30", "15:00"], extended: ["08:30", "15:00"] },
  tokyo: { zone: "Japan", liquid: ["09:00", "15:30"], extended: ["09:00", "15:30"] },
};

/** When a half day of New York ends. */
const HALF_DAY: Partial<Record<Venue, { liquid: string; extended: string }>> = {
  "us-stocks": { liquid: "13:00", extended: "17:00" },
  "us-options": { liquid: "13:15", extended: "13:15" },
  "us-futures": { liquid: "12:15", extended: "12:15" },
};

const ALL_DAY: [string, string] = ["00:00", "24:00"];

/** The IANA zone in which a venue keeps its hours. */
export function zoneOf(venue: Venue): string {
  return PATTERNS[venue].zone;
}

/** Whether a calendar day is one of trading. Month is 1-based; days may overflow it. */
export function isTradingDay(venue: Venue, year: number, month: number, day: number): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  if (PATTERNS[venue].everyDay === true) return true;
  const weekday = date.getUTCDay();
  if (weekday === 0 || weekday === 6) return false;
  const american = venue === "us-stocks" || venue === "us-options" || venue === "us-futures";
  if (!american) return true;
  return !isUsHoliday(stampOf(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()));
}

type Kind = "liquid" | "extended";
type Days = readonly { readonly date: string; readonly session: Readonly<TradingStretch> }[];

/** When each venue trades. Instants are Unix milliseconds. */
export interface MarketCalendar {
  readonly setting: MarketHours;
  /** The trading days from `days` before to `days` after the instant's own, oldest first. */
  sessionsAround(venue: Venue, kind: Kind, at: number, before: number, after: number): Days;
  isOpen(venue: Venue, kind: Kind, at: number): boolean;
  /** The next opening after `at`, within eight days. */
  nextOpening(venue: Venue, kind: Kind, at: number): number | undefined;
  /** The instant itself while trading, else the last close before it: when the last price was made. */
  lastTradedAt(venue: Venue, at: number): number;
  /** The close of the last liquid session that ended before the one `at` belongs to. */
  previousClose(venue: Venue, at: number): number;
}

function makeSession(
  setting: MarketHours,
  venue: Venue,
  kind: Kind,
  year: number,
  month: number,
  day: number,
): TradingStretch | undefined {
  const always = setting === "always";
  if (!always && !isTradingDay(venue, year, month, day)) return undefined;
  const pattern = PATTERNS[venue];
  const early = isUsHalfDay(stampOf(year, month, day)) ? HALF_DAY[venue]?.[kind] : undefined;
  const [opens, usualClose] = always ? ALL_DAY : pattern[kind];
  const closes = always ? usualClose : (early ?? usualClose);
  const at = (time: string, days: number): number => {
    const [hour = 0, minute = 0] = time.split(":").map(Number);
    return instantOf(pattern.zone, year, month, day + days, hour, minute);
  };
  const evening = pattern.overnight === true && opens > closes;
  return { opens: at(opens, evening ? -1 : 0), closes: at(closes, 0) };
}

const STRETCHES_KEPT = 5_000;

/** Sessions are asked for with every quote, and a day's never changes: they are made once. */
function createSessions(setting: MarketHours): MarketCalendar["sessionsAround"] {
  const known = new Map<string, TradingStretch | undefined>();
  const stretches = new Map<string, Days>();
  const sessionOn = (venue: Venue, kind: Kind, year: number, month: number, day: number) => {
    const key = `${venue}/${kind}/${year}/${month}/${day}`;
    if (!known.has(key)) known.set(key, makeSession(setting, venue, kind, year, month, day));
    return known.get(key);
  };
  return (venue, kind, at, before, after) => {
    const local = localTime(at, PATTERNS[venue].zone);
    const key = `${venue}/${kind}/${local.year}/${local.month}/${local.day}/${before}/${after}`;
    const earlier = stretches.get(key);
    if (earlier !== undefined) return earlier;
    const found: { date: string; session: TradingStretch }[] = [];
    for (let offset = -before; offset <= after; offset++) {
      const day = new Date(Date.UTC(local.year, local.month - 1, local.day + offset));
      const [year, month, date] = [day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate()];
      const session = sessionOn(venue, kind, year, month, date);
      if (session !== undefined) found.push({ date: stampOf(year, month, date), session });
    }
    if (stretches.size >= STRETCHES_KEPT) stretches.clear();
    stretches.set(key, found);
    return found;
  };
}

function createHours(setting: MarketHours): MarketCalendar {
  const sessionsAround = createSessions(setting);
  /** The session found last, by venue and kind: the next question is usually about the same one. */
  const present = new Map<string, Readonly<TradingStretch>>();

  const isOpen = (venue: Venue, kind: Kind, at: number): boolean => {
    const key = `${venue}/${kind}`;
    const recent = present.get(key);
    if (recent !== undefined && at >= recent.opens && at < recent.closes) return true;
    const found = sessionsAround(venue, kind, at, 1, 1).find(
      ({ session }) => at >= session.opens && at < session.closes,
    );
    if (found !== undefined) present.set(key, found.session);
    return found !== undefined;
  };

  return {
    setting,
    sessionsAround,
    isOpen,
    nextOpening: (venue, kind, at) =>
      sessionsAround(venue, kind, at, 0, 8).find(({ session }) => session.opens > at)?.session
        .opens,
    lastTradedAt: (venue, at) => {
      if (isOpen(venue, "extended", at)) return at;
      let last = at;
      for (const { session } of sessionsAround(venue, "extended", at, 7, 1)) {
        if (session.opens > at) break;
        last = Math.min(at, session.closes);
      }
      return last;
    },
    previousClose: (venue, at) => {
      const local = localTime(at, PATTERNS[venue].zone);
      const today = stampOf(local.year, local.month, local.day);
      let close = at - 86_400_000;
      for (const { date, session } of sessionsAround(venue, "liquid", at, 8, 0)) {
        if (date < today && session.closes <= at) close = session.closes;
      }
      return close;
    },
  };
}

const HOURS: Record<MarketHours, MarketCalendar> = {
  always: createHours("always"),
  exchange: createHours("exchange"),
};

/** The hours of every venue, as the exchanges have them or as a setting bends them. */
export function hoursOf(setting: MarketHours): MarketCalendar {
  return HOURS[setting];
}
