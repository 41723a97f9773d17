import { type Decimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/** A part in percent of a whole; unknown when either is, or when the whole is not positive. */
export function percentOf(part: Decimal | null, whole: Decimal | null): Decimal | null {
  if (part === null || whole === null || !whole.greaterThan(0)) return null;
  return part.dividedBy(whole).times(100);
}

/** The sum of two figures; unknown when either is. */
export function sumOf(a: Decimal | null, b: Decimal | string | null): Decimal | null {
  const other = typeof b === "string" ? parseFigure(b) : b;
  return a === null || other === null ? null : a.plus(other);
}

/** How much a position counts as: what it is worth, or of a short option what it puts at risk. */
export function sizeOf({ value, at_risk }: PositionFact): Decimal | null {
  return parseFigure(at_risk === undefined ? value : at_risk)?.abs() ?? null;
}
