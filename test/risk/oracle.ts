import type { CanonicalOrder, Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { compare, type Fraction, fraction, largest, over, plus, sum, times, ZERO } from "./fraction.ts";
import { below, beyond, costOf, type Deal, type Instrument } from "./payoffs.ts";

/**
 * What an order can cost, by the payoff tables and the dearest price at which its terms let it fill.
 * `unknown` where something is missing that has no bound: no price, unit, terms or rate.
 */
export interface Scene {
  market: TicketQuote | null;
  /** How far a price without a limit may lie from its reference, in basis points. */
  slippageBps: string | null;
  effect: Effect["kind"] | null;
  /** Quoted units in one unit of the currency. */
  quotedUnits: string | null;
  base: string;
  fx: { rate: string; at: string } | null;
  maxRateAgeSeconds: number;
  nowMs: number;
}

export type Verdict = { value: Fraction; bounded: boolean } | "unknown";

/** In the account's base currency. */
export function worstInBase(order: CanonicalOrder, scene: Scene): Verdict {
  const worst = worstOf(order, scene);
  const rate = rateOf(order.legs[0]?.contract.currency ?? "", scene);
  if (worst === "unknown" || rate === null) return "unknown";
  return { ...worst, value: times(worst.value, rate) };
}

/** In the contract's currency. */
export function worstOf(order: CanonicalOrder, scene: Scene): Verdict {
  if (new Set(order.legs.map(({ contract }) => contract.currency)).size !== 1) return "unknown";
  const each = order.legs.map((leg) => worstOfLeg(leg, scene));
  const before =
    order.action === "modify" && order.target !== null
      ? [worstOfLeg(order.target.before, scene)]
      : [];
  if (order.structure === "oca") {
    // Which of them fills nobody knows, and more than one may before the broker ends the rest.
    return combined(each, sum);
  }
  return combined([...each, ...before], largest);
}

function combined(each: readonly Verdict[], by: (values: Fraction[]) => Fraction): Verdict {
  const values: Fraction[] = [];
  let bounded = true;
  for (const verdict of each) {
    if (verdict === "unknown") return "unknown";
    values.push(verdict.value);
    bounded = bounded && verdict.bounded;
  }
  return { value: by(values), bounded };
}

function worstOfLeg(leg: Leg, scene: Scene): Verdict {
  const { contract } = leg;
  const instrument = instrumentOf(leg);
  if (instrument === null) return "unknown";
  if (leg.cash_quantity !== null) {
    return { value: fraction(leg.cash_quantity), bounded: true };
  }
  const price = dearest(leg, scene);
  const unit = scene.quotedUnits === null ? null : fraction(scene.quotedUnits);
  if (price === null || unit === null || leg.quantity === null) return "unknown";
  if (compare(price, ZERO) <= 0 || compare(unit, ZERO) <= 0) return "unknown";
  const cost = costOf(instrument, dealOf(leg, scene), price);
  const units = times(fraction(leg.quantity), fraction(contract.multiplier));
  return { value: over(times(cost.value, units), unit), bounded: cost.bounded };
}

/** A bracket's exits close what its entry opens; of the rest the effect says it. */
function dealOf(leg: Leg, { effect }: Scene): Deal {
  if (leg.role === "take_profit" || leg.role === "stop_loss") return "closes";
  if (leg.side === "BUY") return "buys";
  return effect === "exit" ? "closes" : "sells_to_open";
}

function instrumentOf({ contract }: Leg): Instrument | null {
  if (compare(fraction(contract.multiplier), ZERO) <= 0) return null;
  switch (contract.asset_class) {
    case "STK":
      return { kind: "share" };
    case "FUT":
      return { kind: "future" };
    case "OPT": {
      if (contract.strike === null || contract.right === null) return null;
      const strike = fraction(contract.strike);
      if (compare(strike, ZERO) <= 0) return null;
      return { kind: contract.right === "C" ? "call" : "put", strike };
    }
  }
}

/** The prices at which the contract is known to trade now. The broker writes 0 and -1 for none. */
export function seen(leg: Leg, market: TicketQuote | null): Fraction[] {
  if (market === null || market.conid !== leg.contract.conid) return [];
  return [market.bid, market.ask, market.last, market.reference?.price ?? null]
    .filter((text) => text !== null)
    .map(fraction)
    .filter((price) => compare(price, ZERO) !== 0 && compare(price, fraction("-1")) !== 0);
}

/** The highest price at which the order can fill; null where nothing bounds it. */
function dearest(leg: Leg, { market, slippageBps }: Scene): Fraction | null {
  const known = seen(leg, market);
  const limit = leg.limit_price === null ? null : fraction(leg.limit_price);
  const trigger = leg.stop_price === null ? null : fraction(leg.stop_price);
  if (limit !== null) {
    if (leg.side === "BUY") return limit;
    return largest([limit, ...known, ...(trigger === null ? [] : [trigger])]);
  }
  if (slippageBps === null) return null;
  const start = trigger !== null ? [trigger, ...known] : known.map((price) => trailed(leg, price));
  return start.length === 0 ? null : times(largest(start), beyond(fraction(slippageBps)));
}

/** A buyer's trailing stop starts its offset above the market and never rises. A seller's starts below. */
function trailed({ side, trailing }: Leg, price: Fraction): Fraction {
  if (trailing === null || side === "SELL") return price;
  const offset = fraction(trailing.offset);
  return trailing.unit === "amount"
    ? plus(price, offset)
    : times(price, plus(fraction("1"), times(offset, fraction("0.01"))));
}

/** The most units that the leg can take; null where nothing bounds them. */
export function mostUnits(leg: Leg, scene: Scene): Fraction | null {
  if (leg.cash_quantity === null) return leg.quantity === null ? null : fraction(leg.quantity);
  const known = seen(leg, scene.market);
  if (known.length === 0 || scene.slippageBps === null || scene.quotedUnits === null) return null;
  const cheapest = known.reduce((low, each) => (compare(each, low) < 0 ? each : low));
  const price = times(cheapest, below(fraction(scene.slippageBps)));
  const unit = over(times(price, fraction(leg.contract.multiplier)), fraction(scene.quotedUnits));
  return compare(unit, ZERO) <= 0 ? null : over(fraction(leg.cash_quantity), unit);
}

function rateOf(currency: string, { base, fx, maxRateAgeSeconds, nowMs }: Scene): Fraction | null {
  if (currency === base) return fraction("1");
  if (fx === null) return null;
  const ageMs = Math.abs(nowMs - Date.parse(fx.at));
  const rate = fraction(fx.rate);
  return ageMs <= maxRateAgeSeconds * 1_000 && compare(rate, ZERO) > 0 ? rate : null;
}
