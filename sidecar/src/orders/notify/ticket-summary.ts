import { type Leg, principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { listingInWords, waitsInWords } from "@ibkr-edge-gateway/protocol/orders/words.ts";

/** One line for a terminal: what, how many, at what price, where, and for paper or for live. */
export function orderInWords(ticket: Ticket): string {
  const { order, waits } = ticket;
  const verb = order.action === "place" ? "" : order.action === "modify" ? "CHANGE TO " : "CANCEL ";
  const exits = order.legs
    .filter(({ role }) => role === "take_profit" || role === "stop_loss")
    .map(
      (exit) =>
        `${exit.role === "stop_loss" ? "stop" : "profit"} ${exit.stop_price ?? exit.limit_price}`,
    )
    .join(", ");
  const what =
    order.structure === "oca"
      ? `ONE OF ${order.legs.length}, THE FIRST FILL ENDS THE OTHERS: ${order.legs.map(legInWords).join(" | ")}`
      : legInWords(principalLeg(order));
  return [
    `${order.mode.toUpperCase()} ${order.account_id}: ${verb}${what}`,
    exits,
    valueInWords(ticket),
    waits == null || order.action === "cancel" ? "" : waitsInWords(waits),
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function valueInWords({ notional, base_currency, uncovered_call }: Ticket): string {
  if (notional === null) return "value unknown";
  const value = `${notional} ${base_currency}`;
  return uncovered_call === true
    ? `NO BOUND TO THE LOSS (a call sold to open), counted as ${value}`
    : `at most ${value}`;
}

function legInWords(leg: Leg): string {
  const { contract } = leg;
  const what =
    contract.asset_class === "OPT"
      ? `${contract.symbol} ${contract.expiry} ${contract.strike} ${contract.right}`
      : contract.asset_class === "FUT"
        ? `${contract.symbol} ${contract.expiry}`
        : `${contract.symbol}${listingInWords(contract)}`;
  const amount =
    leg.quantity !== null ? leg.quantity : `${leg.cash_quantity} ${contract.currency} of`;
  const trailing =
    leg.trailing === null
      ? ""
      : `trailing ${leg.trailing.offset}${leg.trailing.unit === "percent" ? " %" : ""}`;
  return [
    `${leg.side} ${amount} ${what} ${leg.order_type}`,
    leg.limit_price === null ? "" : `limit ${leg.limit_price}`,
    leg.stop_price === null ? "" : `stop ${leg.stop_price}`,
    trailing,
    leg.time_in_force,
  ]
    .filter((part) => part !== "")
    .join(", ");
}
