import { dayNumber, dayStamp, endsOn, listedExpiries } from "./expiries.ts";
import type { Instrument } from "./instrument.ts";
import { LISTED } from "./listed-instruments.ts";

interface Product {
  /** The conid of the index or good that search finds. */
  underlying: number;
  symbol: string;
  multiplier: number;
  tick: number;
  calendar: "quarterly" | "monthly";
}

const FIRST_CONID = 600_000_000;
/** An id holds the day within its era; the first began with 2025, and each has ids of its own. */
const DAYS_PER_ERA = 4_096;

export const PRODUCTS: readonly Product[] = [
  { underlying: 11004968, symbol: "ES", multiplier: 50, tick: 0.25, calendar: "quarterly" },
  { underlying: 362687422, symbol: "MES", multiplier: 5, tick: 0.25, calendar: "quarterly" },
  { underlying: 17340715, symbol: "CL", multiplier: 1000, tick: 0.01, calendar: "monthly" },
];

function build(product: Product, day: number): Instrument | undefined {
  const underlying = LISTED.find((one) => one.conid === product.underlying);
  if (underlying === undefined || !endsOn(product.calendar, day)) return undefined;
  const era = Math.floor(day / DAYS_PER_ERA);
  const index = era * PRODUCTS.length + PRODUCTS.indexOf(product);
  return {
    ...underlying,
    conid: FIRST_CONID + index * DAYS_PER_ERA + (day % DAYS_PER_ERA),
    secType: "FUT",
    tick: product.tick,
    multiplier: product.multiplier,
    underlyingConid: product.underlying,
    tradingClass: product.symbol,
    expiry: dayStamp(day),
    venue: "us-futures",
    hasOptions: false,
  };
}

/** The future with this id, or undefined when the id is none. */
export function futureByConid(conid: number): Instrument | undefined {
  const offset = conid - FIRST_CONID;
  const index = Math.floor(offset / DAYS_PER_ERA);
  const product = PRODUCTS[index % PRODUCTS.length];
  if (offset < 0 || product === undefined) return undefined;
  const era = Math.floor(index / PRODUCTS.length);
  return build(product, era * DAYS_PER_ERA + (offset % DAYS_PER_ERA));
}

/** The listed contracts on a symbol, nearest first. */
export function listFutures(symbol: string, now: number): Instrument[] {
  const product = PRODUCTS.find((one) => one.symbol === symbol);
  if (product === undefined) return [];
  return listedExpiries(product.calendar, dayNumber(now)).flatMap(
    (day) => build(product, day) ?? [],
  );
}
