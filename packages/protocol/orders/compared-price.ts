import type { ReferenceSource } from "../market/reference.ts";
import { type Decimal, parseFigure } from "./decimal.ts";
import { midOf, quoted } from "./quoted.ts";
import type { Quote } from "./ticket.ts";

/**
 * The price that an order is compared with: what the collar measures from and what drift is a move
 * of. One function for both ends and for both moments, so that what can be judged at the submit is
 * what could be judged at the preview. Null when no price is known.
 *
 * Of a market that trades it is the middle, else the last trade. Of one that is closed it is the
 * last price of the latest completed session: what the broker still shows of the sides is no market.
 */
export function comparedPrice(quote: Quote | null | undefined): Decimal | null {
  // Made before references were read.
  if (quote?.reference === undefined) {
    return midOf(quote) ?? quoted(quote, "last") ?? quoted(quote, "prior_close");
  }
  const own = parseFigure(quote.reference?.price);
  return isOfCompletedSession(quote) ? own : (midOf(quote) ?? own);
}

const COMPLETED: ReadonlySet<ReferenceSource> = new Set([
  "frozen_last",
  "prior_close",
  "session_close",
]);

/** The price is the last one of a session that is over, with that session's day. */
export function isOfCompletedSession(quote: Quote | null | undefined): boolean {
  const reference = quote?.reference ?? null;
  return reference !== null && COMPLETED.has(reference.source);
}
