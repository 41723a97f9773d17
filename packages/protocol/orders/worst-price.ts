import type { Leg } from "./canonical-order.ts";
import { Decimal, dec, parseFigure } from "./decimal.ts";
import { quoted } from "./quote-price.ts";
import type { TicketQuote } from "./ticket.ts";

/** What bounds the price of an order. */
export interface Pricing {
  /** The market of one contract; a leg in another contract has none. */
  market: TicketQuote | null;
  /**
   * How far a price that no limit bounds may lie beyond its reference, in basis points of it: the
   * collar of whoever judges. Null when nothing bounds it, and then such a price is not known.
   */
  slippageBps: Decimal | null;
}

/**
 * The price at which the most money moves, in the unit that prices are quoted in; null when nothing
 * says. A buyer's limit is a bound; a seller's limit is a floor and no bound, so that a sale counts at
 * the higher of limit and market. An order without a limit counts at its reference and the collar.
 */
export function worstPrice(leg: Leg, { market, slippageBps }: Pricing): Decimal | null {
  const seen = seenPrice(leg, market);
  const slip = slippageBps === null ? null : slippageBps.dividedBy(10_000).plus(1);
  const beyond = (price: Decimal | null): Decimal | null =>
    price === null || slip === null ? null : price.times(slip);
  const limit = leg.limit_price === null ? null : dec(leg.limit_price);
  const stop = leg.stop_price === null ? null : dec(leg.stop_price);

  switch (leg.order_type) {
    case "LMT":
    case "STOP_LIMIT":
      if (limit === null) return null;
      return leg.side === "BUY" ? limit : higher(limit, stop, seen);
    case "MIDPRICE": {
      if (leg.side === "BUY" && limit !== null) return limit;
      const middle = beyond(seen);
      return middle === null ? null : higher(middle, limit);
    }
    case "MKT":
      return beyond(seen);
    case "STP":
      return stop === null ? null : beyond(higher(stop, seen));
    case "TRAIL":
    case "TRAILLMT": {
      if (seen === null || leg.trailing === null) return null;
      const offset = dec(leg.trailing.offset);
      const away =
        leg.trailing.unit === "amount" ? offset : seen.abs().times(offset).dividedBy(100);
      const trigger = leg.side === "BUY" ? seen.plus(away) : seen;
      return beyond(higher(trigger, stop, limit));
    }
  }
}

/**
 * The price at which an amount of money buys the most units, in the quoted unit: the lowest known
 * price of the market, less the collar. Null when nothing says or the collar leaves nothing.
 */
export function lowestPrice(leg: Leg, { market, slippageBps }: Pricing): Decimal | null {
  const known = knownPrices(leg, market);
  if (known.length === 0 || slippageBps === null) return null;
  const lowest = Decimal.min(...known).times(new Decimal(1).minus(slippageBps.dividedBy(10_000)));
  return lowest.greaterThan(0) ? lowest : null;
}

/**
 * The dearest price at which the order may trade now. A buyer meets the ask, a seller the bid, and a
 * sale at the middle fills between the two. Where that side is not quoted, every price of now counts:
 * the last trade may lie far from a market that has moved on since. The close of the day before counts
 * only where there is nothing else.
 */
function seenPrice(leg: Leg, market: TicketQuote | null): Decimal | null {
  const side = own(leg, market);
  const [bid, ask] = [quoted(side, "bid"), quoted(side, "ask")];
  const met = leg.side === "BUY" || leg.order_type === "MIDPRICE" ? ask : bid;
  if (met !== null) return higher(met, bid);
  const [first, ...others] = [bid, ask, reference(side), quoted(side, "last")].filter(
    (price) => price !== null,
  );
  return first === undefined ? quoted(side, "prior_close") : higher(first, ...others);
}

/** Every price that the market of a leg's contract says, in the quoted unit. */
export function knownPrices(leg: Leg, market: TicketQuote | null): Decimal[] {
  const side = own(leg, market);
  const last = quoted(side, "last");
  const all = [
    quoted(side, "bid"),
    quoted(side, "ask"),
    last ?? quoted(side, "prior_close"),
    reference(side),
  ];
  return all.filter((price) => price !== null);
}

/** A market says nothing of another contract. */
const own = (leg: Leg, market: TicketQuote | null): TicketQuote | null =>
  market?.conid === leg.contract.conid ? market : null;

/** Nothing and -1 are the broker's placeholders here as in a quote. */
function reference(market: TicketQuote | null): Decimal | null {
  const price = parseFigure(market?.reference?.price);
  return price === null || price.isZero() || price.equals(-1) ? null : price;
}

function higher(first: Decimal, ...others: (Decimal | null)[]): Decimal {
  return others.reduce<Decimal>((top, other) => (other?.greaterThan(top) ? other : top), first);
}
