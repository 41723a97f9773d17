import type { CanonicalOrder, Leg } from "./canonical-order.ts";
import { type Decimal, dec, isOnStep } from "./decimal.ts";
import { LIMIT_ONLY_OUTSIDE, worksOutside } from "./form-faults.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";
import { quoted } from "./quote-price.ts";
import type { ContractRules, TicketQuote } from "./ticket.ts";

/**
 * An order against the rules of its contract, as the broker publishes them, so that a static reason
 * to fail shows at preview and not after a human approved. These are integrity rules: they hold for
 * exits too. Each function answers for the whole order; `null` means the rule could not be judged
 * because what it needs was not read, which the caller must not take for a pass.
 */
type Judged = OrderRefusal[] | null;

/** Every price a whole number of the increments that hold at that price. */
export function tickFaults(order: CanonicalOrder, rules: ContractRules | null): Judged {
  if (rules === null || rules.increments.length === 0) return null;
  const faults: OrderRefusal[] = [];
  for (const leg of order.legs) {
    for (const [field, price] of pricesOf(leg)) {
      const step = incrementAt(rules, dec(price));
      if (step === null) return null;
      if (!isOnStep(price, step)) {
        faults.push(
          refusal(
            "PRICE_TICK",
            `${leg.role}.${field}`,
            "on_tick",
            `${field} must be a multiple of ${step}.`,
          ),
        );
      }
    }
  }
  return faults;
}

/** The increment of the band that a price lies in; null when no band starts at or below it. */
export function incrementAt(rules: ContractRules, price: Decimal): string | null {
  let found: string | null = null;
  for (const band of rules.increments) {
    if (dec(band.from).lessThanOrEqualTo(price.abs())) found = band.step;
  }
  return found;
}

/**
 * Whole units, unless the contract is known to take fractions. The broker's `sizeIncrement` is the
 * display's step on many stocks (100 on one that trades by the share), so it binds options and
 * futures, and stocks only where it is below one.
 */
export function quantityFaults(order: CanonicalOrder, rules: ContractRules | null): Judged {
  if (rules === null) return null;
  const faults: OrderRefusal[] = [];
  for (const leg of order.legs) {
    if (leg.quantity === null) continue;
    if (isOnStep(leg.quantity, "1")) continue;
    if (leg.contract.asset_class !== "STK" || rules.fractional !== true) {
      faults.push(
        refusal(
          "ORDER_FRACTIONAL_REFUSED",
          `${leg.role}.quantity`,
          "whole_units",
          "This contract is traded in whole units only.",
        ),
      );
    } else if (
      rules.size_step !== null &&
      dec(rules.size_step).lessThan(1) &&
      !isOnStep(leg.quantity, rules.size_step)
    ) {
      faults.push(
        refusal(
          "QTY_STEP",
          `${leg.role}.quantity`,
          "on_size_step",
          `quantity must be a multiple of ${rules.size_step}.`,
        ),
      );
    }
  }
  return faults;
}

/** A stop that the market has already passed would fire at once. */
export function stopSideFaults(order: CanonicalOrder, market: TicketQuote | null): Judged {
  const faults: OrderRefusal[] = [];
  for (const leg of order.legs) {
    if (leg.stop_price === null) continue;
    // A bracket's protective stop is judged against its entry, not against today's market.
    if (leg.role === "stop_loss") continue;
    if (market === null) return null;
    const seen =
      quoted(market, "last") ??
      quoted(market, leg.side === "BUY" ? "ask" : "bid") ??
      quoted(market, "prior_close");
    if (seen === null) return null;
    const distance = dec(leg.stop_price).minus(seen);
    const ahead = leg.side === "BUY" ? distance.greaterThan(0) : distance.lessThan(0);
    if (!ahead) {
      faults.push(
        refusal(
          "STOP_WRONG_SIDE",
          `${leg.role}.stop_price`,
          "ahead_of_market",
          `The trigger of a ${leg.side} stop must be ${leg.side === "BUY" ? "above" : "below"} the market, or it fires at once.`,
        ),
      );
    }
  }
  return faults;
}

/** Types, times in force and accounts that the contract's own rules name. */
export function venueFaults(order: CanonicalOrder, rules: ContractRules | null): Judged {
  if (rules === null || isSilent(order, rules)) return null;
  const faults: OrderRefusal[] = [];
  const venue = (leg: Leg, field: string, rule: string, message: string) =>
    faults.push(refusal("VENUE_RULE", `${leg.role}.${field}`, rule, message));
  for (const leg of order.legs) {
    if (rules.order_types !== null && !rules.order_types.includes(leg.order_type)) {
      venue(
        leg,
        "order_type",
        "type_offered",
        `${leg.order_type} is not offered for this contract.`,
      );
    }
    if (
      leg.outside_rth &&
      rules.order_types_outside_rth !== null &&
      !rules.order_types_outside_rth.includes(leg.order_type)
    ) {
      venue(
        leg,
        "outside_rth",
        "type_offered_outside_hours",
        `${leg.order_type} is not offered outside regular hours for this contract.`,
      );
    }
    if (rules.times_in_force !== null && !rules.times_in_force.includes(leg.time_in_force)) {
      venue(
        leg,
        "time_in_force",
        "tif_offered",
        `${leg.time_in_force} is not offered for this contract.`,
      );
    }
    if (leg.cash_quantity !== null && rules.cash_quantity === false) {
      venue(leg, "cash_quantity", "cash_quantity_offered", "This contract takes no cash quantity.");
    }
    if (
      leg.cash_quantity !== null &&
      (leg.side !== "BUY" || leg.order_type !== "MKT" || leg.quantity !== null)
    ) {
      venue(leg, "cash_quantity", "buy_market_only", "A cash quantity goes with BUY MKT only.");
    }
    if (
      leg.contract.asset_class === "OPT" &&
      (leg.time_in_force === "OPG" || leg.outside_rth || leg.order_type === "MIDPRICE")
    ) {
      venue(
        leg,
        "order_type",
        "option_session",
        "Options take neither opening, outside-hours nor midprice orders.",
      );
    }
    if (leg.outside_rth && leg.contract.asset_class !== "FUT" && !worksOutside(leg.order_type)) {
      venue(leg, "outside_rth", "limit_only_outside_hours", LIMIT_ONLY_OUTSIDE);
    }
  }
  if (rules.tradable_accounts !== null && !rules.tradable_accounts.includes(order.account_id)) {
    faults.push(
      refusal(
        "VENUE_RULE",
        "account_id",
        "account_may_trade",
        "This account may not trade the contract.",
      ),
    );
  }
  if (rules.error !== null) {
    faults.push(
      refusal(
        "VENUE_RULE",
        "conid",
        "rules_error",
        "The broker's rules for this contract are an error.",
      ),
    );
  }
  return faults;
}

/**
 * Rules that do not say what this order depends on. A DAY order is taken everywhere, and the broker's
 * what-if speaks for the account, so silence about those two is no gap.
 */
function isSilent(order: CanonicalOrder, rules: ContractRules): boolean {
  return (
    rules.order_types === null ||
    order.legs.some(
      (leg) =>
        (leg.outside_rth && rules.order_types_outside_rth === null) ||
        (leg.time_in_force !== "DAY" && rules.times_in_force === null) ||
        (leg.cash_quantity !== null && rules.cash_quantity === null),
    )
  );
}

/** The price fields a leg has, by name. */
export function pricesOf(leg: Leg): [string, string][] {
  const prices: [string, string][] = [];
  if (leg.limit_price !== null) prices.push(["limit_price", leg.limit_price]);
  if (leg.stop_price !== null) prices.push(["stop_price", leg.stop_price]);
  if (leg.trailing?.unit === "amount") prices.push(["trailing_amount", leg.trailing.offset]);
  return prices;
}
