import { type Contract, principalLeg } from "./canonical-order.ts";
import { Decimal, parseFigure } from "./decimal.ts";
import type { Ticket } from "./ticket.ts";

/**
 * The unit that a price is quoted in. A London share of currency GBP is quoted in pence, maize of
 * currency USD in cents: the broker's rules call the number of quoted units in one unit of the
 * currency the price magnifier. Its documents say that it is `null` where there is none.
 */

/** Currencies in which exchanges quote in hundredths: without the broker's word the unit is not known. */
const QUOTED_IN_PARTS: ReadonlySet<string> = new Set(["GBP", "ZAR", "ILS"]);

/**
 * How many quoted units make one unit of the currency; null when that is not known.
 *
 * `magnifier` is the broker's: a figure, null where it says that there is none, and undefined where
 * it was not read. Futures are quoted in parts in every currency, so that of these it must be read.
 */
export function quotedUnitsPer(
  { currency, asset_class }: Pick<Contract, "currency" | "asset_class">,
  magnifier: string | null | undefined,
): Decimal | null {
  if (typeof magnifier === "string") {
    const stated = parseFigure(magnifier);
    return stated?.greaterThan(0) ? stated : null;
  }
  const unread = magnifier === undefined && asset_class === "FUT";
  return unread || QUOTED_IN_PARTS.has(currency) ? null : new Decimal(1);
}

/** Of a ticket's prices, by what its PC read of the contract's rules. */
export function quotedUnitsOf(ticket: Pick<Ticket, "order" | "price_magnifier">): Decimal | null {
  return quotedUnitsPer(principalLeg(ticket.order).contract, ticket.price_magnifier);
}
