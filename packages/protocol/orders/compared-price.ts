import type { ReferenceSource } from "../market/reference-price.ts";
import { type Decimal, parseFigure } from "./decimal.ts";
import { midOf, quoted } from "./quote-price.ts";
import type { TicketQuote } from "./ticket.ts";

/** A quote, and whether the order could trade when it was read. */
export interface SeenQuote {
  quote: TicketQuote | null | undefined;
  /** The market's hours are known, and the order would have to wait for the next session. */
  waits: boolean;
}

/**
 * The price that an order is compared with: what the collar measures from, what drift is a move of,
 * and what the owner's page shows. One function for both ends and for both moments, so that what can
 * be judged at the submit is what could be judged at the preview. Null when no price is known.
 *
 * The market's state decides. Where both sides are quoted it is the middle, whether or not anything
 * has traded today; the PC gives no sides of a market that nobody quotes. Else it is the last trade
 * of the session in progress; and the last price of the latest completed session only for an order
 * that waits: in a market that trades, such a price says nothing and cannot move.
 */
export function comparedPrice({ quote, waits }: SeenQuote): Decimal | null {
  // Sides of an unknown age may be yesterday's.
  const middle = quote?.at == null ? null : midOf(quote);
  if (middle !== null) return middle;
  // Made before references were read.
  if (quote?.reference === undefined) return quoted(quote, "last");
  if (isOfCompletedSession(quote) && !waits) return null;
  return parseFigure(quote.reference?.price);
}

/** The order waits, and is compared with the last price of the latest session: nobody quotes now. */
export function standsOnLastSession({ quote, waits }: SeenQuote): boolean {
  return waits && midOf(quote) === null && isOfCompletedSession(quote);
}

const COMPLETED: ReadonlySet<ReferenceSource> = new Set([
  "frozen_last",
  "prior_close",
  "session_close",
]);

/** All that is known of the price is from a session that is over: there is no trade of a later one. */
export function isOfCompletedSession(quote: TicketQuote | null | undefined): boolean {
  const reference = quote?.reference ?? null;
  return reference !== null && COMPLETED.has(reference.source);
}
