import { canonicalDecimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";

/** A figure in its one spelling, or null where it is missing, no number, or not positive. */
export function positiveDecimal(text: string | null): string | null {
  const value = parseFigure(text);
  return value?.greaterThan(0) ? canonicalDecimal(value.toFixed()) : null;
}
