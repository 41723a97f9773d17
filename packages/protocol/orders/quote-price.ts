import { type Decimal, parseFigure } from "./decimal.ts";
import type { TicketQuote } from "./ticket.ts";

export type QuotedField = "bid" | "ask" | "last" | "prior_close";

/**
 * A price of a quote, or null when there is none. The broker writes 0 and -1 where a side is not
 * quoted; taken for prices they would make an order of any size worth nothing. Other negative
 * prices are real: some futures trade there.
 */
export function quoted(quote: TicketQuote | null | undefined, field: QuotedField): Decimal | null {
  const value = parseFigure(quote?.[field]);
  return value === null || value.isZero() || value.equals(-1) ? null : value;
}

/** Middle of the market; null unless both sides are quoted. */
export function midOf(quote: TicketQuote | null | undefined): Decimal | null {
  const bid = quoted(quote, "bid");
  const ask = quoted(quote, "ask");
  return bid === null || ask === null ? null : bid.plus(ask).dividedBy(2);
}
