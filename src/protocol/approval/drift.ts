import { type CanonicalOrder, principalLeg } from "../orders/canonical-order.ts";
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
  const before = reference(seen);
  const after = reference(now);
  if (before === null || after === null) return null;
  const moved = basisPoints(after, before);
  if (moved === null) return null;
  const against = leg.side === "BUY" ? moved : moved.negated();
  return Decimal.max(0, against);
}

/** Mid where both sides are quoted, else the last price. Never the prior close: that cannot move. */
export function reference(quote: Quote | null): Decimal | null {
  return midOf(quote) ?? quoted(quote, "last");
}
