import { type Decimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";

/** The middle value, or the mean of the two in the middle; null of an empty list. */
export function median(values: readonly string[]): Decimal | null {
  const sorted = values
    .map(parseFigure)
    .filter((value) => value !== null)
    .sort((a, b) => a.comparedTo(b));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const next = sorted[Math.ceil((sorted.length - 1) / 2)];
  return middle === undefined || next === undefined ? null : middle.plus(next).dividedBy(2);
}
