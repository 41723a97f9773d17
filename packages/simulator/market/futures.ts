import { dayNumber, dayStamp, endsOn, listedExpiries } from "./expiries.ts";
import type { Instrument } from "./instrument.ts";
import { LISTED } from "./listed.ts";

interface Product {
  /** The conid of the index or good that search finds. */
  underlying: number;
  symbol: string;
  multiplier: number;
  tick: number;
  calendar: "quarterly" | "monthly";
}

const FIRST_CONID = 600_000_000;
const PER_PRODUCT = 4_096;

export const PRODUCTS: readonly Product[] = [
  { underlying: 11004968, symbol: "ES", multiplier: 50, tick: 0.25, calendar: "quarterly" },
  { underlying: 362687422, symbol: "MES", multiplier: 5, tick: 0.25, calendar: "quarterly" },
  { underlying: 17340715, symbol: "CL", multiplier: 1000, tick: 0.01, calendar: "monthly" },
];

function build(product: Product, day: number): Instrument | undefined {
  const underlying = LISTED.find((one) => one.conid === product.underlying);
  if (underlying === undefined || !endsOn(product.calendar, day)) return undefined;
  return {
    ...underlying,
    conid: FIRST_CONID + PRODUCTS.indexOf(product) * PER_PRODUCT + day,
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
  const product = PRODUCTS[Math.floor(offset / PER_PRODUCT)];
  return offset < 0 || product === undefined ? undefined : build(product, offset % PER_PRODUCT);
}

/** The listed contracts on a symbol, nearest first. */
export function listFutures(symbol: string, now: number): Instrument[] {
  const product = PRODUCTS.find((one) => one.symbol === symbol);
  if (product === undefined) return [];
  return listedExpiries(product.calendar, dayNumber(now)).flatMap(
    (day) => build(product, day) ?? [],
  );
}
