import { type Calendar, dayNumber, dayStamp, endsOn, listedExpiries } from "./expiries.ts";
import type { Instrument } from "./instrument.ts";
import { LISTED } from "./listed-instruments.ts";

/**
 * Option contracts are not stored: an id holds the underlying, the class, the day, the strike's
 * place in the class's grid and the right, so that any contract can be found from its id alone.
 */
interface OptionClass {
  name: string;
  calendars: readonly Calendar[];
  /** Between strikes, and how far they reach from the underlying's base price. */
  step: number;
  reach: number;
  tick: number;
}

const FIRST_CONID = 700_000_000;
const PER_UNDERLYING = 2 ** 22;
const STRIKES = 2 ** 9;
/** An id holds the day within its era; the first began with 2025, and each has ids of its own. */
const DAYS_PER_ERA = 2 ** 11;

const UNDERLYINGS = LISTED.filter((one) => one.hasOptions && one.isUS);

/** Index options come in two classes: settled in the morning by month, and in the afternoon daily. */
function classesOf(underlying: Instrument): readonly [OptionClass, OptionClass] {
  if (underlying.symbol === "SPX") {
    return [
      { name: "SPX", calendars: ["monthly"], step: 50, reach: 0.2, tick: 0.05 },
      { name: "SPXW", calendars: ["daily", "weekly"], step: 25, reach: 0.06, tick: 0.05 },
    ];
  }
  const step = underlying.base > 400 ? 5 : underlying.base > 100 ? 2.5 : 1;
  return [
    { name: underlying.symbol, calendars: ["monthly"], step: step * 2, reach: 0.2, tick: 0.01 },
    { name: underlying.symbol, calendars: ["weekly"], step, reach: 0.08, tick: 0.01 },
  ];
}

function strikesOf(underlying: Instrument, one: OptionClass): number[] {
  const middle = Math.round(underlying.base / one.step);
  const span = Math.floor((underlying.base * one.reach) / one.step);
  return Array.from({ length: 2 * span + 1 }, (_, index) => (middle - span + index) * one.step);
}

function build(
  underlying: Instrument,
  kind: 0 | 1,
  day: number,
  place: number,
  right: "C" | "P",
): Instrument | undefined {
  const one = classesOf(underlying)[kind];
  const strike = strikesOf(underlying, one)[place];
  if (strike === undefined || !one.calendars.some((calendar) => endsOn(calendar, day)))
    return undefined;
  // The weekly class leaves the monthly dates to the other one.
  if (kind === 1 && one.name === underlying.symbol && endsOn("monthly", day)) return undefined;
  const era = Math.floor(day / DAYS_PER_ERA);
  const index = era * UNDERLYINGS.length + UNDERLYINGS.indexOf(underlying);
  const dated = kind * DAYS_PER_ERA + (day % DAYS_PER_ERA);
  const code = (dated * STRIKES + place) * 2 + (right === "C" ? 0 : 1);
  return {
    conid: FIRST_CONID + index * PER_UNDERLYING + code,
    symbol: underlying.symbol,
    name: underlying.name,
    secType: "OPT",
    type: null,
    exchange: "SMART",
    validExchanges: "SMART,AMEX,BATS,BOX,CBOE,CBOE2,EDGX,ISE,NASDAQOM,PHLX,PSE",
    currency: underlying.currency,
    country: underlying.country,
    isUS: true,
    sector: underlying.sector,
    group: underlying.group,
    industry: underlying.industry,
    base: underlying.base,
    volatility: underlying.volatility,
    tick: one.tick,
    venue: "us-options",
    data: underlying.data,
    hasOptions: false,
    multiplier: 100,
    underlyingConid: underlying.conid,
    tradingClass: one.name,
    expiry: dayStamp(day),
    strike,
    right,
  };
}

/** The option with this id, or undefined when the id is none. */
export function optionByConid(conid: number): Instrument | undefined {
  const offset = conid - FIRST_CONID;
  const index = Math.floor(offset / PER_UNDERLYING);
  const underlying = UNDERLYINGS[index % UNDERLYINGS.length];
  if (offset < 0 || underlying === undefined) return undefined;
  const era = Math.floor(index / UNDERLYINGS.length);
  const code = offset % PER_UNDERLYING;
  const place = (code >> 1) % STRIKES;
  const dated = Math.floor((code >> 1) / STRIKES);
  const kind = dated >= DAYS_PER_ERA ? 1 : 0;
  const day = era * DAYS_PER_ERA + (dated % DAYS_PER_ERA);
  return build(underlying, kind, day, place, code % 2 === 0 ? "C" : "P");
}

/** Every listed option of an underlying at `now`, both rights. */
export function listOptions(underlying: Instrument, now: number): Instrument[] {
  if (!UNDERLYINGS.includes(underlying)) return [];
  const found: Instrument[] = [];
  const today = dayNumber(now);
  for (const kind of [0, 1] as const) {
    const one = classesOf(underlying)[kind];
    const days = new Set(one.calendars.flatMap((calendar) => listedExpiries(calendar, today)));
    for (const day of days) {
      strikesOf(underlying, one).forEach((_, place) => {
        for (const right of ["C", "P"] as const) {
          const option = build(underlying, kind, day, place, right);
          if (option !== undefined) found.push(option);
        }
      });
    }
  }
  return found;
}
