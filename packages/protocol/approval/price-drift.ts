import { type CanonicalOrder, principalLeg } from "../orders/canonical-order.ts";
import { comparedPrice, type SeenQuote } from "../orders/compared-price.ts";
import { basisPoints, Decimal } from "../orders/decimal.ts";
import type { Ticket } from "../orders/ticket.ts";

/**
 * How far the market moved against the owner since the ticket was shown, in basis points; zero when
 * it moved the other way, null when it cannot be said. A price in the owner's favour is no reason
 * to ask again; a price that makes the order dearer is.
 */
export function adverseDriftBps(
  order: CanonicalOrder,
  seen: SeenQuote,
  now: SeenQuote,
): Decimal | null {
  const leg = principalLeg(order);
  const before = comparedPrice(seen);
  const after = comparedPrice(now);
  if (before === null || after === null) return null;
  const moved = basisPoints(after, before);
  if (moved === null) return null;
  const against = leg.side === "BUY" ? moved : moved.negated();
  return Decimal.max(0, against);
}

/** The market as the ticket shows it. */
export const seenOn = ({ market, waits }: Pick<Ticket, "market" | "waits">): SeenQuote => ({
  quote: market,
  waits: waits != null,
});
