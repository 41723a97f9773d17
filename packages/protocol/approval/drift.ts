import { type CanonicalOrder, principalLeg } from "../orders/canonical-order.ts";
import { comparedPrice } from "../orders/compared-price.ts";
import { basisPoints, Decimal } from "../orders/decimal.ts";
import { midOf, quoted } from "../orders/quoted.ts";
import type { Quote } from "../orders/ticket.ts";

/**
 * How far the market moved against the owner since the ticket was shown, in basis points; zero when
 * it moved the other way, null when it cannot be said. A price in the owner's favour is no reason
 * to ask again; a price that makes the order dearer is.
 */
export function adverseDriftBps(
  order: CanonicalOrder,
  seen: Quote | null,
  now: Quote | null,
): Decimal | null {
  const leg = principalLeg(order);
  const before = driftReference(seen);
  const after = driftReference(now);
  if (before === null || after === null) return null;
  const moved = basisPoints(after, before);
  if (moved === null) return null;
  const against = leg.side === "BUY" ? moved : moved.negated();
  return Decimal.max(0, against);
}

/**
 * The price whose move counts. Of a market that trades never the close of the day before, which
 * cannot move; of one that is closed the last price of its latest session, as the PC proved it.
 */
export function driftReference(quote: Quote | null): Decimal | null {
  if (quote?.reference !== undefined) return comparedPrice(quote);
  return midOf(quote) ?? quoted(quote, "last");
}
