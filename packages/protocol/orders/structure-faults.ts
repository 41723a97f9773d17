import type { CanonicalOrder, Leg } from "./canonical-order.ts";
import { type Decimal, dec } from "./decimal.ts";
import { type OrderRefusal, refusal } from "./order-refusal.ts";
import { opposite } from "./order-terms.ts";
import { quoted } from "./quote-price.ts";
import type { TicketQuote } from "./ticket.ts";

/**
 * What makes a bracket a bracket and a group a group. The broker does not take these apart for us:
 * a bracket with an exit on the wrong side is filled the moment its entry is, and one whose exits
 * exceed the entry turns the position round.
 */
export function structureFaults(order: CanonicalOrder, market: TicketQuote | null): OrderRefusal[] {
  if (order.structure === "bracket") return bracketFaults(order.legs, market);
  if (order.structure === "oca") return groupFaults(order.legs);
  return order.legs.length === 1
    ? []
    : [refusal("INPUT_INVALID", "legs", "single_leg", "A single order has exactly one leg.")];
}

function bracketFaults(legs: readonly Leg[], market: TicketQuote | null): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const incoherent = (field: string, rule: string, message: string) =>
    faults.push(refusal("BRACKET_INCOHERENT", field, rule, message));

  const [entry, takeProfit, stopLoss] = legs;
  if (
    legs.length !== 3 ||
    entry?.role !== "entry" ||
    takeProfit?.role !== "take_profit" ||
    stopLoss?.role !== "stop_loss"
  ) {
    incoherent("legs", "entry_then_two_exits", "A bracket is an entry, a take-profit and a stop.");
    return faults;
  }

  for (const [field, exit] of [
    ["take_profit", takeProfit],
    ["stop_loss", stopLoss],
  ] as const) {
    if (exit.contract.conid !== entry.contract.conid) {
      incoherent(`${field}.conid`, "same_contract", "Both exits must be in the entry's contract.");
    }
    if (exit.side !== opposite(entry.side)) {
      incoherent(
        `${field}.side`,
        "opposite_side",
        "An exit stands on the other side of its entry.",
      );
    }
    if (
      entry.quantity === null ||
      exit.quantity === null ||
      dec(exit.quantity).greaterThan(dec(entry.quantity))
    ) {
      incoherent(
        `${field}.quantity`,
        "not_more_than_entry",
        "An exit must not sell more than its entry buys.",
      );
    }
  }
  if (takeProfit.order_type !== "LMT") {
    incoherent("take_profit.order_type", "limit", "The take-profit must be a limit order.");
  }
  if (stopLoss.order_type !== "STP" && stopLoss.order_type !== "STOP_LIMIT") {
    incoherent("stop_loss.order_type", "stop", "The protective leg must be a stop.");
  }

  const profit = takeProfit.limit_price === null ? null : dec(takeProfit.limit_price);
  const stop = stopLoss.stop_price === null ? null : dec(stopLoss.stop_price);
  const start = entryPrice(entry, market);
  if (profit === null || stop === null || start === null) {
    incoherent("legs", "prices_known", "A bracket's three prices must be known to be compared.");
    return faults;
  }
  const sign = entry.side === "BUY" ? 1 : -1;
  if (profit.minus(start).times(sign).lessThanOrEqualTo(0)) {
    incoherent(
      "take_profit_price",
      "profit_side",
      `The take-profit of a ${entry.side} must be ${sign > 0 ? "above" : "below"} its entry price.`,
    );
  }
  if (start.minus(stop).times(sign).lessThanOrEqualTo(0)) {
    incoherent(
      "stop_loss_price",
      "loss_side",
      `The stop of a ${entry.side} must be ${sign > 0 ? "below" : "above"} its entry price.`,
    );
  }
  return faults;
}

/** Where the entry is expected to fill; null when nothing says. */
function entryPrice(entry: Leg, market: TicketQuote | null): Decimal | null {
  const own = entry.limit_price ?? entry.stop_price;
  if (own !== null) return dec(own);
  return quoted(market, entry.side === "BUY" ? "ask" : "bid") ?? quoted(market, "last");
}

function groupFaults(legs: readonly Leg[]): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const incoherent = (rule: string, message: string) =>
    faults.push(refusal("OCA_INCOHERENT", "legs", rule, message));
  if (legs.length < 2) incoherent("two_members", "A group needs at least two orders.");
  if (legs.some((leg) => leg.role !== "oca_member")) {
    incoherent("members_only", "Every order of a group is a member of it.");
  }
  // Limits and quotes are judged by one contract, one side and one amount; a group that mixes them
  // would pass by its first member alone.
  const [first] = legs;
  if (legs.some((leg) => leg.contract.conid !== first?.contract.conid)) {
    incoherent("same_contract", "Orders of a group must be in one contract.");
  }
  if (legs.some((leg) => leg.side !== first?.side)) {
    incoherent("same_side", "Orders of a group must all buy or all sell.");
  }
  if (legs.some((leg) => leg.quantity === null || leg.quantity !== first?.quantity)) {
    incoherent("same_quantity", "Orders of a group must be of one quantity, in units.");
  }
  if (legs.some((leg) => leg.time_in_force === "IOC" || leg.time_in_force === "OPG")) {
    incoherent("group_tif", "Orders of a group must be DAY or GTC.");
  }
  if (legs.some((leg) => leg.order_type === "MKT")) {
    incoherent(
      "no_market_member",
      "A market order in a group fills at once and makes the others pointless.",
    );
  }
  if (new Set(legs.map(legKey)).size !== legs.length) {
    incoherent("distinct_members", "Two orders of a group are the same.");
  }
  return faults;
}

const legKey = (leg: Leg): string =>
  [
    leg.contract.conid,
    leg.side,
    leg.order_type,
    leg.quantity,
    leg.limit_price,
    leg.stop_price,
    leg.trailing?.unit,
    leg.trailing?.offset,
  ].join("|");
