import type { Wire } from "../json.ts";
import type { Instrument } from "./instrument.ts";
import { LISTED } from "./listed.ts";
import { walk } from "./prices.ts";
import { type Pin, type Quote, quoteAt } from "./quote.ts";

/** What can be traded, and for how much. */
export interface Market {
  /** Every instrument without an expiry. */
  listed: readonly Instrument[];
  /** The contract of an id, also one that has expired. */
  find(conid: number): Instrument | undefined;
  quote(instrument: Instrument): Quote;
  /** The model's price at any instant, unrounded. */
  priceAt(instrument: Instrument, at: number): number;
  /** Sets parts of a quote by hand; `undefined` sets them free. */
  pin(conid: number, pin: Pin | undefined): void;
  /** Whether a derivative's last trading day is over. */
  expired(instrument: Instrument): boolean;
  /** The sections of a search answer that name the underlying's derivatives. */
  derivativeSections(underlying: Instrument): Wire[];
}

export function createMarket(seed: number, now: () => number): Market {
  const byConid = new Map(LISTED.map((instrument) => [instrument.conid, instrument]));
  const pins = new Map<number, Pin>();
  const priceAt = (instrument: Instrument, at: number): number => walk(seed, instrument, at);
  return {
    listed: LISTED,
    find: (conid) => byConid.get(conid),
    quote: (instrument) => quoteAt(instrument, pins.get(instrument.conid), now(), seed, priceAt),
    priceAt,
    expired: () => false,
    derivativeSections: () => [],
    pin: (conid, pin) => {
      if (pin === undefined) pins.delete(conid);
      else pins.set(conid, { ...pins.get(conid), ...pin });
    },
  };
}
