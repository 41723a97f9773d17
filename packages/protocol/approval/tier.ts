import * as z from "zod";
import { dec, Figure, OrderDecimal, parseFigure } from "../orders/decimal.ts";
import { OrderType } from "../orders/order-terms.ts";

/**
 * How much of a human an order needs. The tier follows from the numbers by these rules and from
 * nothing that the agent says; what is not known counts as large.
 */
export const Tier = z.union([z.literal(0), z.literal(1), z.literal(2)]);
export type Tier = z.infer<typeof Tier>;

export const TierRules = z.strictObject({
  /** `mandate`: an order inside a mandate in force needs no tap. A live policy starts at `never`. */
  tier_zero: z.enum(["never", "mandate"]),
  /** Above this worst-case value in base currency a tap is not enough; null sets no such step. */
  tier_two_above_notional: OrderDecimal.nullable(),
  tier_two_above_nlv_percent: OrderDecimal.nullable(),
  tier_two_order_types: z.array(OrderType),
  /** Orders that turn a position round. */
  tier_two_on_flip: z.boolean(),
  /** Warnings the broker gave at preview. */
  tier_two_on_warning: z.boolean(),
});
export type TierRules = z.infer<typeof TierRules>;

export const TierNumbers = z.strictObject({
  notional: Figure.nullable(),
  net_liquidation: Figure.nullable(),
  effect: z.enum(["entry", "exit", "flip"]).nullable(),
  order_types: z.array(OrderType),
  warnings: z.int().nonnegative(),
  /** A mandate in force covers the order in every bound. */
  mandate_covers: z.boolean(),
});
export type TierNumbers = z.infer<typeof TierNumbers>;

/**
 * 0 needs nothing (a mandate covers it), 1 a passkey, 2 a passkey, typing and a pause. Numbers that
 * are not known count as large; an exit never needs more than 1.
 */
export function requiredTier(numbers: TierNumbers, rules: TierRules): Tier {
  if (numbers.mandate_covers && rules.tier_zero === "mandate") return 0;
  // An exit is approved like any order, and never slowed down.
  if (numbers.effect === "exit") return 1;
  return needsTwo(numbers, rules) ? 2 : 1;
}

function needsTwo(numbers: TierNumbers, rules: TierRules): boolean {
  if (numbers.effect === null && rules.tier_two_on_flip) return true;
  if (numbers.effect === "flip" && rules.tier_two_on_flip) return true;
  if (rules.tier_two_on_warning && numbers.warnings > 0) return true;
  if (numbers.order_types.some((type) => rules.tier_two_order_types.includes(type))) return true;

  const notional = parseFigure(numbers.notional);
  if (rules.tier_two_above_notional !== null) {
    if (notional === null || notional.greaterThan(dec(rules.tier_two_above_notional))) return true;
  }
  if (rules.tier_two_above_nlv_percent !== null) {
    const worth = parseFigure(numbers.net_liquidation);
    if (notional === null || worth === null || !worth.greaterThan(0)) return true;
    const percent = notional.dividedBy(worth).times(100);
    if (percent.greaterThan(dec(rules.tier_two_above_nlv_percent))) return true;
  }
  return false;
}
