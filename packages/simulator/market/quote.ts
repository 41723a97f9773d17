import { Decimal } from "decimal.js";
import type { Instrument } from "./instrument.ts";
import { chance, onTick } from "./prices.ts";
import type { MarketCalendar } from "./venue-hours.ts";

/** What a test set by hand; what is absent stays as the market makes it. */
export interface Pin {
  last?: number;
  bid?: number;
  ask?: number;
  halted?: boolean;
  data?: "R" | "D" | "N";
  open?: boolean;
  /** False: no trade in this session, so that only the prior close is known. */
  traded?: boolean;
  /** How a side that is not quoted is written; it is left out by default. */
  placeholder?: "0" | "-1";
}

export interface Quote {
  last: Decimal;
  /** Absent while the market is closed, and for what is not quoted. */
  bid: Decimal | undefined;
  ask: Decimal | undefined;
  bidSize: number;
  askSize: number;
  lastSize: number;
  /** Of the day. */
  open: Decimal;
  high: Decimal;
  low: Decimal;
  /** Of the day before. */
  previousClose: Decimal;
  volume: number;
  trading: boolean;
  halted: boolean;
  /** Nothing traded in the broker's day yet: `last` is the previous close. */
  priorCloseOnly: boolean;
  /** What stands for a side that is not quoted; undefined leaves it out. */
  placeholder: "0" | "-1" | undefined;
  /** When the figures are from. */
  updatedAt: number;
  data: "R" | "D" | "N";
}

/** The price the model gives at an instant, unrounded. */
export type PriceAt = (instrument: Instrument, at: number) => number;

const DELAY_MS = 15 * 60_000;
const STEPS = 24;

/** The market in one instrument at one instant. */
export function quoteAt(
  instrument: Instrument,
  pin: Pin | undefined,
  now: number,
  seed: number,
  hours: MarketCalendar,
  priceAt: PriceAt,
  /** Since when a halt holds the price. */
  haltedAt?: number,
): Quote {
  const data = pin?.data ?? instrument.data;
  const seenAt = data === "D" ? now - DELAY_MS : now;
  const trading = pin?.open ?? hours.isOpen(instrument.venue, "extended", seenAt);
  const priorCloseOnly =
    pin?.last === undefined &&
    (pin?.traded === false || (!trading && dayHasTurned(instrument, seenAt, hours)));
  const at = trading ? (haltedAt ?? seenAt) : hours.lastTradedAt(instrument.venue, seenAt);
  const last = (): Decimal => {
    if (pin?.last !== undefined) return new Decimal(pin.last);
    const from = priorCloseOnly ? hours.previousClose(instrument.venue, seenAt) : at;
    return onTick(priceAt(instrument, from), instrument.tick);
  };
  return quoteOf({ instrument, pin, seed, data, trading, priorCloseOnly, at, last: last() }, () =>
    dayOf(instrument, priorCloseOnly ? seenAt : at, hours, priceAt),
  );
}

/**
 * From midnight in the exchange's zone to the first trade of a trading day only the previous close
 * is known: what users report of the broker's other programs, assumed of the gateway.
 */
function dayHasTurned(instrument: Instrument, at: number, hours: MarketCalendar): boolean {
  const [today] = hours.sessionsAround(instrument.venue, "extended", at, 0, 0);
  return today !== undefined && at < today.session.opens;
}

interface QuoteParts {
  instrument: Instrument;
  pin: Pin | undefined;
  seed: number;
  data: Quote["data"];
  trading: boolean;
  priorCloseOnly: boolean;
  at: number;
  last: Decimal;
}

function quoteOf(parts: QuoteParts, makeDay: () => Day): Quote {
  const { instrument, pin, seed, data, trading, priorCloseOnly, at, last } = parts;
  const halfSpread = Decimal.max(
    instrument.tick,
    last.mul(0.00004).div(instrument.tick).ceil().mul(instrument.tick),
  );
  const quoted = trading && pin?.halted !== true && instrument.secType !== "IND";
  const bid = Decimal.max(last.minus(halfSpread), 0);
  const draw = (salt: number): number => chance(seed, instrument.conid ^ salt, at, 1000);
  // The day's figures are many samples of the price, and most readers want the touch alone.
  let known: Day | undefined;
  const day = (): Day => {
    known ??= makeDay();
    return known;
  };
  return {
    last,
    bid: quoted ? (pin?.bid === undefined ? bid : new Decimal(pin.bid)) : undefined,
    ask: quoted
      ? pin?.ask === undefined
        ? last.plus(halfSpread)
        : new Decimal(pin.ask)
      : undefined,
    bidSize: 100 * (1 + Math.floor(draw(1) * 12)),
    askSize: 100 * (1 + Math.floor(draw(2) * 12)),
    lastSize: 1 + Math.floor(draw(3) * 200),
    get open() {
      return day().open;
    },
    get high() {
      return Decimal.max(day().high, last);
    },
    get low() {
      return Decimal.min(day().low, last);
    },
    get previousClose() {
      return day().previousClose;
    },
    get volume() {
      return day().volume;
    },
    trading,
    halted: pin?.halted ?? false,
    priorCloseOnly,
    placeholder: pin?.placeholder,
    updatedAt: at + (data === "D" && trading ? DELAY_MS : 0),
    data,
  };
}

interface Day {
  open: Decimal;
  high: Decimal;
  low: Decimal;
  previousClose: Decimal;
  volume: number;
}

function dayOf(instrument: Instrument, at: number, hours: MarketCalendar, priceAt: PriceAt): Day {
  const started = hours
    .sessionsAround(instrument.venue, "liquid", at, 7, 1)
    .map(({ session }) => session)
    .filter(({ opens }) => opens <= at);
  const session = started.at(-1) ?? { opens: at, closes: at };
  const end = Math.min(at, session.closes);
  let high = -Infinity;
  let low = Infinity;
  for (let step = 0; step <= STEPS; step++) {
    const price = priceAt(instrument, session.opens + ((end - session.opens) * step) / STEPS);
    high = Math.max(high, price);
    low = Math.min(low, price);
  }
  const elapsed = (end - session.opens) / Math.max(session.closes - session.opens, 1);
  return {
    open: onTick(priceAt(instrument, session.opens), instrument.tick),
    high: onTick(high, instrument.tick),
    low: onTick(low, instrument.tick),
    previousClose: onTick(
      priceAt(instrument, hours.previousClose(instrument.venue, at)),
      instrument.tick,
    ),
    volume: Math.round((50_000_000 / Math.sqrt(instrument.base)) * Math.max(elapsed, 0)),
  };
}
