import type { Decimal } from "../protocol/orders/decimal.ts";

/** A part in percent of a whole; unknown when either is, or when the whole is not positive. */
export function percentOf(part: Decimal | null, whole: Decimal | null): Decimal | null {
  if (part === null || whole === null || !whole.greaterThan(0)) return null;
  return part.dividedBy(whole).times(100);
}
