import { type Leg, principalLeg } from "./canonical-order.ts";
import { Decimal, dec, decimalText, parseFigure } from "./decimal.ts";
import { quotedUnitsOf } from "./price-unit.ts";
import type { Ticket } from "./ticket.ts";
import { knownPrices } from "./worst-price.ts";

/**
 * The broker's what-if is a second opinion of what an order comes to. Where it differs from price ×
 * quantity × multiplier by more than rounding and a moving market explain, one of the two has the
 * unit, the multiplier or the contract wrong, and no limit in money means what it says.
 */
export const WHAT_IF_TOLERANCE_PERCENT = 2;

export interface Difference {
  /** What this gateway makes of the order, nearest to the broker's figure. */
  ours: string;
  brokers: string;
  currency: string;
}

/**
 * The difference, or null where the two agree or where one of them says nothing: no amount, no
 * currency beside it, no price. `rate` is the base currency's value of one unit of the contract's,
 * for an amount that the broker gives in the base currency; null when it is not known.
 */
export function whatIfDifference(
  ticket: Pick<Ticket, "order" | "market" | "what_if" | "base_currency" | "price_magnifier">,
  rate: Decimal | null,
): Difference | null {
  const { what_if, base_currency } = ticket;
  const currency = what_if?.amount_currency ?? null;
  const brokers = parseFigure(what_if?.amount)?.abs() ?? null;
  if (brokers === null || currency === null) return null;
  const leg = principalLeg(ticket.order);
  const own = leg.contract.currency;
  const factor = currency === own ? new Decimal(1) : currency === base_currency ? rate : null;
  const values = valuesOf(leg, ticket);
  if (factor === null || values.length === 0) return null;
  const low = Decimal.min(...values).times(factor);
  const high = Decimal.max(...values).times(factor);
  const share = new Decimal(WHAT_IF_TOLERANCE_PERCENT).dividedBy(100);
  // An amount of money is spent at most; whole units may come to less.
  const tooLittle =
    leg.quantity !== null && brokers.lessThan(low.times(new Decimal(1).minus(share)));
  const tooMuch = brokers.greaterThan(high.times(share.plus(1)));
  if (!tooLittle && !tooMuch) return null;
  return {
    ours: decimalText((tooLittle ? low : high).toDecimalPlaces(8)),
    brokers: decimalText(brokers),
    currency,
  };
}

/** What the principal leg comes to at each price that the broker may have taken, in the currency. */
function valuesOf(
  leg: Leg,
  ticket: Pick<Ticket, "order" | "market" | "price_magnifier">,
): Decimal[] {
  if (leg.cash_quantity !== null) return [dec(leg.cash_quantity)];
  const units = quotedUnitsOf(ticket);
  if (leg.quantity === null || units === null) return [];
  const each = dec(leg.quantity).times(dec(leg.contract.multiplier)).dividedBy(units);
  return pricesOf(leg, ticket.market).map((price) => price.abs().times(each));
}

function pricesOf(leg: Leg, market: Ticket["market"]): Decimal[] {
  const named = [leg.limit_price, leg.stop_price].flatMap((text) =>
    text === null ? [] : [dec(text)],
  );
  // A plain limit is reckoned at the limit; what else there is may be reckoned at the market.
  return leg.order_type === "LMT" ? named : [...named, ...knownPrices(leg, market)];
}

/** For the owner and for a refusal: both figures. */
export const differenceInWords = ({ ours, brokers, currency }: Difference): string =>
  `By price and quantity the order comes to ${ours} ${currency}; the broker's own estimate is ${brokers} ${currency}.`;
