import { type CanonicalOrder, type Leg, principalLeg } from "./canonical-order.ts";
import { Decimal, dec, parseFigure } from "./decimal.ts";
import { quoted } from "./quoted.ts";
import type { Quote } from "./ticket.ts";

/**
 * The most an order can come to, so that a limit in money holds for order types without a price.
 * A stop or a market order is priced beyond its trigger by a fixed slippage, the same on both ends; a
 * seller's limit is a floor and not a bound, so a sell is priced at the higher of limit and market.
 */
export interface Pricing {
  market: Quote | null;
  /** How far a market or stop order is taken to slip, in basis points of its reference. */
  slippageBps: Decimal;
}

/** Worst price of one unit, in the contract's currency; null when nothing says. */
export function worstPrice(leg: Leg, { market, slippageBps }: Pricing): Decimal | null {
  const seen =
    quoted(market, leg.side === "BUY" ? "ask" : "bid") ??
    parseFigure(market?.reference?.price) ??
    quoted(market, "last") ??
    quoted(market, "prior_close");
  const slip = slippageBps.dividedBy(10_000).plus(1);
  const limit = leg.limit_price === null ? null : dec(leg.limit_price);
  const stop = leg.stop_price === null ? null : dec(leg.stop_price);

  switch (leg.order_type) {
    case "LMT":
    case "STOP_LIMIT":
      if (limit === null) return null;
      return leg.side === "BUY" ? limit : higher(limit, stop, seen);
    case "MIDPRICE":
      if (leg.side === "BUY" && limit !== null) return limit;
      return seen === null ? null : higher(seen.times(slip), limit);
    case "MKT":
      return seen === null ? null : seen.times(slip);
    case "STP":
      return stop === null ? null : higher(stop, seen).times(slip);
    case "TRAIL":
    case "TRAILLMT": {
      if (seen === null || leg.trailing === null) return null;
      const offset = dec(leg.trailing.offset);
      const away = leg.trailing.unit === "amount" ? offset : seen.times(offset).dividedBy(100);
      const trigger = leg.side === "BUY" ? seen.plus(away) : seen;
      return higher(trigger, stop, limit).times(slip);
    }
  }
}

/** Worst value of one leg in the contract's currency; null when it cannot be known. */
export function worstNotional(leg: Leg, pricing: Pricing): Decimal | null {
  if (leg.cash_quantity !== null) return dec(leg.cash_quantity);
  const price = worstPrice(leg, pricing);
  if (price === null || leg.quantity === null) return null;
  return price.abs().times(dec(leg.quantity)).times(dec(leg.contract.multiplier));
}

/**
 * Worst value of the order in the contract's currency: of a bracket its entry, since the exits can
 * only give back what it took; of a group the sum of its members, which is above what can fill.
 * A futures notional is the whole contract, not its margin.
 */
export function orderNotional(order: CanonicalOrder, pricing: Pricing): Decimal | null {
  if (order.structure !== "oca") return worstNotional(principalLeg(order), pricing);
  let worst: Decimal | null = new Decimal(0);
  for (const leg of order.legs) {
    const value: Decimal | null = worstNotional(leg, pricing);
    if (value === null) return null;
    worst = worst.plus(value);
  }
  return worst;
}

function higher(first: Decimal, ...others: (Decimal | null)[]): Decimal {
  return others.reduce<Decimal>((top, other) => (other?.greaterThan(top) ? other : top), first);
}
