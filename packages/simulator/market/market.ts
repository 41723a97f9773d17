import type { WireJson } from "../json.ts";
import { dateStamp, instantOf } from "../zone.ts";
import { blackScholes, type Greeks, smile } from "./black-scholes.ts";
import { futureByConid, listFutures } from "./futures.ts";
import type { Instrument } from "./instrument.ts";
import { LISTED } from "./listed-instruments.ts";
import { monthsOf } from "./months.ts";
import { listOptions, optionByConid } from "./options.ts";
import { walk } from "./prices.ts";
import { type Pin, type Quote, quoteAt } from "./quote.ts";
import type { MarketCalendar } from "./venue-hours.ts";

/** What can be traded, and for how much. */
export interface Market {
  /** When it is open. */
  hours: MarketCalendar;
  /** Every instrument without an expiry. */
  listed: readonly Instrument[];
  /** The contract of an id, also one that has expired. */
  find(conid: number): Instrument | undefined;
  quote(instrument: Instrument): Quote;
  /** The model's price at any instant, unrounded. */
  priceAt(instrument: Instrument, at: number): number;
  /** An option's greeks now; undefined for anything else. */
  greeks(instrument: Instrument): (Greeks & { volatility: number }) | undefined;
  /** Sets parts of a quote by hand; `undefined` sets them free. */
  pin(conid: number, pin: Pin | undefined): void;
  /** From now on a share is `ratio` shares, each worth as much less, now and in the past. */
  split(conid: number, ratio: number): void;
  /** Whether a test has pinned the market open. */
  pinned(conid: number): boolean;
  /** Called after every pin. */
  onPin(listener: () => void): void;
  /** Whether a derivative's last trading day is over. */
  expired(instrument: Instrument): boolean;
  options(underlying: Instrument): readonly Instrument[];
  futures(symbol: string): readonly Instrument[];
  /** The sections of a search answer that name the underlying's derivatives. */
  derivativeSections(underlying: Instrument): WireJson[];
}

const YEAR_MS = 365 * 86_400_000;

/** Symbols whose price is another's: an index future's underlying is the index. */
const SAME_AS = new Map([
  [11004968, 416904],
  [362687422, 416904],
]);

/**
 * Prices follow from the seed and the time alone, so two markets of one seed agree at any instant.
 * `now` gives ms since the epoch.
 */
export function createMarket(seed: number, now: () => number, hours: MarketCalendar): Market {
  const byConid = new Map(LISTED.map((instrument) => [instrument.conid, instrument]));
  const pins = new Map<number, Pin>();
  /** New shares for each share of the model. */
  const splits = new Map<number, number>();
  /** Since when a contract is halted. */
  const halts = new Map<number, number>();
  const listeners: (() => void)[] = [];
  const chains = new Map<number, { day: string; options: readonly Instrument[] }>();

  const find = (conid: number): Instrument | undefined =>
    byConid.get(conid) ?? optionByConid(conid) ?? futureByConid(conid);

  const spotAt = (conid: number, at: number): number => {
    const pinned = pins.get(conid)?.last;
    const instrument = byConid.get(SAME_AS.get(conid) ?? conid);
    if (instrument === undefined) return pinned ?? 0;
    return pinned ?? walk(seed, instrument, at) / (splits.get(conid) ?? 1);
  };

  const optionAt = (option: Instrument, at: number) =>
    optionValue(option, spotAt(option.underlyingConid, at), at);

  const priceAt = (instrument: Instrument, at: number): number => {
    if (instrument.secType === "OPT") return optionAt(instrument, at).price;
    const spot = spotAt(
      instrument.secType === "FUT" ? instrument.underlyingConid : instrument.conid,
      at,
    );
    if (instrument.secType !== "FUT") return spot;
    return spot * Math.exp((0.022 * Math.max(endOf(instrument) - at, 0)) / YEAR_MS);
  };

  const options = (underlying: Instrument): readonly Instrument[] => {
    const day = dateStamp(now(), "America/New_York");
    const known = chains.get(underlying.conid);
    if (known?.day === day) return known.options;
    const listed = listOptions(underlying, now()).filter((option) => endOf(option) > now());
    chains.set(underlying.conid, { day, options: listed });
    return listed;
  };

  const futures = (symbol: string): readonly Instrument[] =>
    listFutures(symbol, now()).filter((future) => endOf(future) > now());

  return {
    hours,
    listed: LISTED,
    find,
    quote: (instrument) => {
      const { conid } = instrument;
      return quoteAt(instrument, pins.get(conid), now(), seed, hours, priceAt, halts.get(conid));
    },
    priceAt,
    greeks: (instrument) =>
      instrument.secType === "OPT" ? optionAt(instrument, now()) : undefined,
    pin: (conid, pin) => {
      if (pin === undefined) pins.delete(conid);
      else pins.set(conid, { ...pins.get(conid), ...pin });
      if (pins.get(conid)?.halted !== true) halts.delete(conid);
      else if (!halts.has(conid)) halts.set(conid, now());
      for (const listener of listeners) listener();
    },
    split: (conid, ratio) => {
      splits.set(conid, (splits.get(conid) ?? 1) * ratio);
    },
    pinned: (conid) => pins.get(conid)?.open === true,
    onPin: (listener) => {
      listeners.push(listener);
    },
    expired: (instrument) => instrument.expiry !== null && endOf(instrument) <= now(),
    options,
    futures,
    derivativeSections: (underlying) =>
      derivativeSections(
        underlying,
        options(underlying),
        underlying.secType === "IND" ? futures(underlying.symbol) : [],
      ),
  };
}

/** When a derivative's last trading day is over. */
function endOf(instrument: Instrument): number {
  const [year = 0, month = 1, day = 1] = [0, 4, 6].map((from, index) =>
    Number((instrument.expiry ?? "").slice(from, index === 0 ? 4 : from + 2)),
  );
  return instantOf("America/New_York", year, month, day, 16);
}

/** What the model says an option is worth at an instant, given its underlying's price. */
function optionValue(option: Instrument, spot: number, at: number) {
  const strike = option.strike ?? spot;
  const volatility = smile(option.volatility * 1.05, spot, strike);
  const years = Math.max(endOf(option) - at, 0) / YEAR_MS;
  return { ...blackScholes(option.right ?? "C", spot, strike, years, volatility), volatility };
}

function derivativeSections(
  underlying: Instrument,
  chain: readonly Instrument[],
  dated: readonly Instrument[],
): WireJson[] {
  const sections: WireJson[] = [];
  if (chain.length > 0) {
    sections.push({
      secType: "OPT",
      months: monthsOf(chain),
      exchange: underlying.secType === "IND" ? "SMART;CBOE;" : "SMART;AMEX;BATS;BOX;CBOE;ISE;PHLX;",
    });
  }
  if (dated.length > 0) {
    sections.push({
      secType: "FUT",
      months: monthsOf(dated),
      exchange: `${underlying.exchange};`,
    });
  }
  return sections;
}
