import { Decimal } from "decimal.js";

/**
 * Which strikes to look up: those inside the bounds, and of them the nearest to the price (or to
 * the middle of the list, where no price is known), in ascending order.
 */
export function chooseStrikes(
  every: readonly string[],
  want: {
    from?: string | undefined;
    to?: string | undefined;
    count: number;
    around: string | null;
  },
): string[] {
  const inside = every
    .filter((strike) => want.from === undefined || new Decimal(strike).gte(want.from))
    .filter((strike) => want.to === undefined || new Decimal(strike).lte(want.to))
    .toSorted((a, b) => new Decimal(a).comparedTo(b));
  const center = want.around ?? inside[Math.floor(inside.length / 2)];
  if (center === undefined) return [];
  const distance = (strike: string): Decimal => new Decimal(strike).minus(center).abs();
  return inside
    .toSorted((a, b) => distance(a).comparedTo(distance(b)))
    .slice(0, want.count)
    .toSorted((a, b) => new Decimal(a).comparedTo(b));
}
