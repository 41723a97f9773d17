import type { CanonicalOrder, Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  compare,
  type Fraction,
  fraction,
  largest,
  over,
  plus,
  sum,
  times,
  ZERO,
} from "./fraction.ts";
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

export type Verdict =
  | {
      value: Fraction;
      /** False: the loss has no bound, and the value is what it counts as. */
      bounded: boolean;
      /**
       * The price rests on something that does not bound it: the close of the day before, or the limit
       * of a sale, which is a floor. Good enough to show; nothing may be opened on it.
       */
      guessed: boolean;
    }
  | "unknown";

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
  const known = each.filter((verdict) => verdict !== "unknown");
  if (known.length < each.length) return "unknown";
  return {
    value: by(known.map(({ value }) => value)),
    bounded: known.every(({ bounded }) => bounded),
    guessed: known.some(({ guessed }) => guessed),
  };
}

function worstOfLeg(leg: Leg, scene: Scene): Verdict {
  const { contract } = leg;
  const deal = dealOf(leg, scene);
  const instrument = instrumentOf(leg, deal);
  if (instrument === null) return "unknown";
  if (leg.cash_quantity !== null) {
    // The broker takes an amount of money for shares; of a contract that stands for many units it
    // says neither how many nor at what.
    return instrument.kind === "share"
      ? { value: fraction(leg.cash_quantity), bounded: true, guessed: false }
      : "unknown";
  }
  if (leg.quantity === null) return "unknown";
  const units = times(fraction(leg.quantity), fraction(contract.multiplier));
  // The broker's documents call strikes "consistent with the price" in one version and in the whole
  // currency in another. It counts as it stands: that is the larger of the two.
  if (deal === "sells_to_open" && instrument.kind === "put") {
    const { value, bounded } = costOf(instrument, deal, fraction("1"));
    return { value: times(value, units), bounded, guessed: false };
  }
  const found = dearest(leg, scene);
  const unit = scene.quotedUnits === null ? null : fraction(scene.quotedUnits);
  if (found === null || unit === null) return "unknown";
  if (compare(found.price, ZERO) === 0 || compare(unit, ZERO) <= 0) return "unknown";
  // A price that has been below zero does not stop there: no payoff table that ends at zero holds.
  const below = [found.price, ...seen(leg, scene.market)].some((price) => price.n < 0n);
  if (below && deal !== "closes") return "unknown";
  const cost = costOf(instrument, deal, over(size(found.price), unit));
  return { value: times(cost.value, units), bounded: cost.bounded, guessed: found.guessed };
}

/** A bracket's exits close what its entry opens; of the rest the effect says it. */
function dealOf(leg: Leg, { effect }: Scene): Deal {
  if (leg.role === "take_profit" || leg.role === "stop_loss") return "closes";
  if (effect === "exit") return "closes";
  return leg.side === "BUY" ? "buys" : "sells_to_open";
}

/** Null where the terms that its payoff depends on are not known. What is bought costs its price at most. */
function instrumentOf({ contract }: Leg, deal: Deal): Instrument | null {
  if (compare(fraction(contract.multiplier), ZERO) <= 0) return null;
  switch (contract.asset_class) {
    case "STK":
      return { kind: "share" };
    case "FUT":
      return { kind: "future" };
    case "OPT": {
      const strike = contract.strike === null ? ZERO : fraction(contract.strike);
      const known = contract.right !== null && compare(strike, ZERO) > 0;
      if (!known && deal === "sells_to_open") return null;
      return { kind: contract.right === "P" ? "put" : "call", strike };
    }
  }
}

/** Nothing, 0 and -1 are the broker's ways to say that there is no price. */
function prices(...texts: (string | null | undefined)[]): Fraction[] {
  return texts
    .filter((text) => text !== null && text !== undefined)
    .map(fraction)
    .filter((price) => compare(price, ZERO) !== 0 && compare(price, fraction("-1")) !== 0);
}

const ownMarket = (leg: Leg, market: TicketQuote | null): TicketQuote | null =>
  market?.conid === leg.contract.conid ? market : null;

/** The prices at which the contract is known to trade now. */
export function seen(leg: Leg, market: TicketQuote | null): Fraction[] {
  const own = ownMarket(leg, market);
  return prices(own?.bid, own?.ask, own?.last, own?.reference?.price);
}

/**
 * The dearest price at which it may change hands now. Who takes the market buys at the ask and sells at
 * the bid; an order at the middle fills between them. Where that side is not quoted, nothing but the
 * highest price that is known of now is a bound.
 */
function marketPrice(
  leg: Leg,
  market: TicketQuote | null,
): { price: Fraction; guessed: boolean } | null {
  const own = ownMarket(leg, market);
  const taken = leg.side === "SELL" && leg.order_type !== "MIDPRICE" ? own?.bid : own?.ask;
  const bound = prices(taken).length > 0;
  const sides = [...prices(taken), ...prices(own?.bid)];
  const now = bound ? sides : seen(leg, market);
  if (now.length > 0) return { price: largest(now), guessed: false };
  const before = prices(own?.prior_close);
  return before.length > 0 ? { price: largest(before), guessed: true } : null;
}

/** The highest price at which the order can fill; null where nothing says. */
function dearest(
  leg: Leg,
  { market, slippageBps }: Scene,
): { price: Fraction; guessed: boolean } | null {
  const limit = prices(leg.limit_price);
  const trigger = prices(leg.stop_price);
  const now = marketPrice(leg, market);
  const guessed = now?.guessed ?? true;
  const collar = slippageBps === null ? null : beyond(fraction(slippageBps));
  switch (leg.order_type) {
    case "LMT":
    case "STOP_LIMIT":
      if (leg.side === "BUY") return { price: largest(limit), guessed: false };
      return {
        price: largest([...limit, ...trigger, ...(now === null ? [] : [now.price])]),
        guessed,
      };
    case "MIDPRICE":
      // It moves with the market: its limit is a bound to a buyer, and a floor to a seller.
      if (leg.side === "BUY" && limit.length > 0) return { price: largest(limit), guessed: false };
      if (now === null || collar === null) return null;
      return { price: largest([times(now.price, collar), ...limit]), guessed };
    case "MKT":
      return now === null || collar === null ? null : { price: times(now.price, collar), guessed };
    case "STP": {
      // A trigger that the market has not reached says where it fills; whether it has, the market says.
      if (collar === null) return null;
      const from = largest([...trigger, ...(now === null ? [] : [now.price])]);
      return { price: times(from, collar), guessed };
    }
    case "TRAIL":
    case "TRAILLMT": {
      // Trigger and limit are taken along by the broker: they are what the order starts from, and
      // whether it starts from them or from the market nothing recorded says.
      if (now === null || collar === null) return null;
      const from = largest([trailed(leg, now.price), ...trigger, ...limit]);
      return { price: times(from, collar), guessed };
    }
  }
}

/** A buyer's trailing stop starts its offset above the market and never rises. A seller's starts below. */
const size = (price: Fraction): Fraction => (price.n < 0n ? { n: -price.n, d: price.d } : price);

function trailed({ side, trailing }: Leg, price: Fraction): Fraction {
  if (trailing === null || side === "SELL") return price;
  const offset = fraction(trailing.offset);
  return trailing.unit === "amount"
    ? plus(price, offset)
    : plus(price, times(size(price), times(offset, fraction("0.01"))));
}

/** The most units that the leg can take; null where nothing bounds them. */
export function mostUnits(leg: Leg, scene: Scene): Fraction | null {
  if (leg.cash_quantity === null) return leg.quantity === null ? null : fraction(leg.quantity);
  const now = seen(leg, scene.market);
  const known = now.length > 0 ? now : prices(ownMarket(leg, scene.market)?.prior_close);
  if (leg.contract.asset_class !== "STK") return null;
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
