import { type CanonicalOrder, type Leg, principalLeg } from "./canonical-order.ts";
import { Decimal, dec } from "./decimal.ts";
import type { Effect } from "./ticket.ts";
import { knownPrices, lowestPrice, type Pricing, worstPrice } from "./worst-price.ts";

/**
 * What an order puts at risk. Every limit in money at both ends is held to this figure: caps, policy,
 * mandates, tiers and the day's sums.
 *
 * | order | value at risk |
 * |---|---|
 * | shares | price × quantity |
 * | options bought, or sold from what is held | price × multiplier × quantity |
 * | puts sold to open | strike × multiplier × quantity |
 * | calls sold to open | no bound; counted, where that is allowed by name, as (strike + price) × multiplier × quantity |
 * | futures | price × multiplier × quantity: the whole contract, not its margin |
 *
 * The price is the worst one that limit, market and collar admit, in the quoted unit (pence, cents)
 * brought to the currency. What is short in shares and futures counts as a rise of 100 %: a larger
 * one costs more, which is why being short needs a permission of its own. What is long counts as a fall
 * to zero, so that nothing can be opened at a price below it. What is not known has no value; it is
 * never zero.
 */
export interface RiskView extends Pricing {
  /** How the order changes the position; null is not known and counts as opening one. */
  effect: Effect["kind"] | null;
  /** How many quoted units make one unit of the currency, see `price-unit.ts`; null is not known. */
  quotedUnits: Decimal | null;
}

export type Missing = "price" | "price_unit" | "quantity" | "contract_terms" | "one_currency";

export type Risk =
  | {
      known: true;
      /** In `currency`, never negative. */
      value: Decimal;
      currency: string;
      /** It opens a short call: the loss has no bound, and `value` is what it is counted as. */
      uncoveredCall: boolean;
    }
  | { known: false; missing: Missing; uncoveredCall: boolean };

/**
 * The worst of an order: of a bracket its worst leg, of a group the sum of its members (which is above
 * what can fill), of a change the worse of the order as it works and as it would.
 */
export function valueAtRisk(order: CanonicalOrder, view: RiskView): Risk {
  const parts = order.legs.map((leg) => riskOfLeg(leg, viewOf(leg, view)));
  const whole = order.structure === "oca" ? combined(parts, add) : combined(parts, larger);
  if (order.action !== "modify" || order.target === null) return whole;
  return combined([whole, riskOfLeg(order.target.before, view)], larger);
}

/** The value at risk of one unit of a leg's contract, bought or sold as the view says. */
export function unitRisk(leg: Leg, view: RiskView): Risk {
  return riskOfLeg({ ...leg, quantity: "1", cash_quantity: null }, view);
}

/**
 * How many units a leg takes at most: its quantity, or what its amount of money buys at the lowest
 * price that market and collar admit. Null when that is not known.
 */
export function unitsAtMost(
  leg: Leg,
  view: Pricing & Pick<RiskView, "quotedUnits">,
): Decimal | null {
  if (leg.quantity !== null) return dec(leg.quantity);
  // Of derivatives an amount of money says nothing of the contracts.
  if (leg.cash_quantity === null || leg.contract.asset_class !== "STK") return null;
  if (view.quotedUnits === null) return null;
  const price = lowestPrice(leg, view);
  if (price === null) return null;
  return dec(leg.cash_quantity).times(view.quotedUnits).dividedBy(price);
}

/**
 * What changes hands when the principal leg trades at the worst price: price × multiplier × quantity
 * in the contract's currency. Of what is bought it is the value at risk; of an option that is sold it
 * is the premium alone, which commissions are compared with.
 */
export function tradedValue(order: CanonicalOrder, view: Omit<RiskView, "effect">): Decimal | null {
  const risk = riskOfLeg(principalLeg(order), { ...view, effect: "exit" });
  return risk.known ? risk.value : null;
}

/** Whether any leg sells a call to open, which is an option that is not proved to be a put. */
export function opensShortCall(
  order: CanonicalOrder,
  effect: Pick<Effect, "kind"> | null,
): boolean {
  const asked = { effect: effect?.kind ?? null };
  return (
    order.action !== "cancel" && order.legs.some((leg) => opensShort(leg, asked) && isCall(leg))
  );
}

/** Whether any leg sells shares or a future to open, or nobody knows that it does not. */
export function opensShortSale(
  order: CanonicalOrder,
  effect: Pick<Effect, "kind"> | null,
): boolean {
  if (order.action === "cancel" || effect?.kind === "exit") return false;
  return order.legs.some(
    ({ role, side, contract }) =>
      side === "SELL" && contract.asset_class !== "OPT" && !isExit(role),
  );
}

const opensShort = ({ contract, side, role }: Leg, { effect }: Pick<RiskView, "effect">): boolean =>
  contract.asset_class === "OPT" && side === "SELL" && effect !== "exit" && !isExit(role);
const isCall = ({ contract }: Leg): boolean => contract.right !== "P";
const isExit = (role: Leg["role"]): boolean => role === "take_profit" || role === "stop_loss";

/** The exits of a bracket close what its entry opened. */
const viewOf = ({ role }: Leg, view: RiskView): RiskView =>
  isExit(role) ? { ...view, effect: "exit" } : view;

function riskOfLeg(leg: Leg, view: RiskView): Risk {
  const { contract } = leg;
  const short = opensShort(leg, view);
  const uncoveredCall = short && isCall(leg);
  const unknown = (missing: Missing): Risk => ({ known: false, missing, uncoveredCall });
  const known = (value: Decimal): Risk => ({
    known: true,
    value: value.abs(),
    currency: contract.currency,
    uncoveredCall,
  });
  const multiplier = dec(contract.multiplier);
  if (!multiplier.greaterThan(0)) return unknown("contract_terms");

  if (leg.quantity === null) {
    // An amount of money is what it says; of derivatives it says nothing of the contracts.
    if (leg.cash_quantity === null || contract.asset_class !== "STK") return unknown("quantity");
    return known(dec(leg.cash_quantity));
  }
  const units = dec(leg.quantity).times(multiplier);
  // The strike is taken as it stands: where prices are in pence it may be, and counts for no less.
  const strike = contract.strike === null ? null : dec(contract.strike);
  if (short && !isCall(leg)) {
    return strike?.greaterThan(0) ? known(strike.times(units)) : unknown("contract_terms");
  }
  if (view.quotedUnits === null) return unknown("price_unit");
  const price = worstPrice(leg, view);
  if (price === null || price.isZero()) return unknown("price");
  // Counted is a fall to zero, or a rise to the double. Below zero neither is the worst of anything.
  const belowZero = [price, ...knownPrices(leg, view.market)].some((each) => each.isNegative());
  if (belowZero && view.effect !== "exit") return unknown("price");
  const inCurrency = price.dividedBy(view.quotedUnits);
  if (!uncoveredCall) return known(inCurrency.times(units));
  if (strike === null || contract.right === null) return unknown("contract_terms");
  // A call is worth what its underlying stands above the strike, or more: strike and price together
  // are at least the underlying, and at least what its doubling would cost.
  return known(strike.plus(inCurrency).times(units));
}

const add = (first: Decimal, second: Decimal): Decimal => first.plus(second);
const larger = (first: Decimal, second: Decimal): Decimal => Decimal.max(first, second);

/** One part that is not known makes the whole not known, and so do two currencies. */
function combined(parts: readonly Risk[], join: (a: Decimal, b: Decimal) => Decimal): Risk {
  const uncoveredCall = parts.some((part) => part.uncoveredCall);
  let whole: { value: Decimal; currency: string } | null = null;
  for (const part of parts) {
    if (!part.known) return { ...part, uncoveredCall };
    if (whole !== null && whole.currency !== part.currency) {
      return { known: false, missing: "one_currency", uncoveredCall };
    }
    const { currency } = part;
    whole = { value: whole === null ? part.value : join(whole.value, part.value), currency };
  }
  return whole === null
    ? { known: false, missing: "quantity", uncoveredCall }
    : { known: true, ...whole, uncoveredCall };
}
