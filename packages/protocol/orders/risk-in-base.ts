import type { CanonicalOrder } from "./canonical-order.ts";
import { Decimal, parseFigure } from "./decimal.ts";
import { type Missing, type RiskView, valueAtRisk } from "./value-at-risk.ts";

/** What one unit of a currency is worth in the account's base currency, and as of when. */
export interface DatedRate {
  rate: string;
  at: string;
}

export interface BaseView extends RiskView {
  /** The account's base currency. */
  base: string;
  /** Of the currency of the order's contracts; null when it was not read. */
  fx: DatedRate | null;
  /** A rate older than this is not known; nor is one that is further ahead of the clock. */
  maxRateAgeSeconds: number;
  nowMs: number;
}

export type BaseRisk =
  | { known: true; value: Decimal; uncoveredCall: boolean }
  | { known: false; missing: Missing | "exchange_rate"; uncoveredCall: boolean };

/** The value at risk of an order in the account's base currency, at a rate of a known age. */
export function riskInBase(order: CanonicalOrder, view: BaseView): BaseRisk {
  const risk = valueAtRisk(order, view);
  if (!risk.known) return risk;
  const rate = rateToBase(risk.currency, view);
  const { uncoveredCall } = risk;
  return rate === null
    ? { known: false, missing: "exchange_rate", uncoveredCall }
    : { known: true, value: risk.value.times(rate), uncoveredCall };
}

/** One where the currency is the base; null when the rate is not known, too old or of the future. */
export function rateToBase(
  currency: string,
  {
    base,
    fx,
    maxRateAgeSeconds,
    nowMs,
  }: Pick<BaseView, "base" | "fx" | "maxRateAgeSeconds" | "nowMs">,
): Decimal | null {
  if (currency === base) return new Decimal(1);
  if (fx === null) return null;
  // A time ahead of the clock says as little as one long ago; one that cannot be read is not a number,
  // and no number is below it.
  const ageMs = Math.abs(nowMs - Date.parse(fx.at));
  if (!(ageMs <= maxRateAgeSeconds * 1_000)) return null;
  const rate = parseFigure(fx.rate);
  return rate?.greaterThan(0) ? rate : null;
}

/** What is missing, as the subject of a sentence. */
export const MISSING_IN_WORDS: Readonly<Record<Missing | "exchange_rate", string>> = {
  price: "A price to value the order at",
  price_unit: "The unit that the broker quotes the price in (pence or pounds, cents or dollars)",
  quantity: "The number of units",
  contract_terms: "The contract's multiplier, strike or right",
  one_currency: "One currency for all parts of the order",
  exchange_rate: "A recent exchange rate to the account's base currency",
};
