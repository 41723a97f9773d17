import { Decimal } from "decimal.js";
import type { Instrument } from "../market/instrument.ts";
import type { Quote } from "../market/quote.ts";
import type { Simulator } from "../simulator.ts";
import type { Order } from "../state/orders.ts";

/** Whether the market would take an order now, and at what price. */

/** Whether orders like this one are worked at the moment. */
export function inHours(
  sim: Simulator,
  order: Order,
  instrument: Instrument,
  quote: Quote,
): boolean {
  if (quote.halted || !quote.trading) return false;
  if (order.outsideRth) return true;
  // A market pinned open is open to everyone.
  return (
    sim.market.hours.isOpen(instrument.venue, "liquid", sim.clock.now()) ||
    sim.market.pinned(instrument.conid)
  );
}

/** Moves a trailing stop after the market, never against the order. */
function trail(order: Order, last: Decimal): void {
  if (order.trailing === undefined) return;
  const { amount, percent } = order.trailing;
  const distance = percent ? last.mul(amount).div(100) : amount;
  const stop = order.side === "SELL" ? last.minus(distance) : last.plus(distance);
  const present = order.trailStop ?? order.auxPrice ?? order.price ?? stop;
  order.trailStop = order.side === "SELL" ? Decimal.max(present, stop) : Decimal.min(present, stop);
}

function stopOf(order: Order): Decimal | undefined {
  switch (order.type) {
    case "STP":
      return order.price;
    case "STOP_LIMIT":
      return order.auxPrice;
    case "TRAIL":
    case "TRAILLMT":
      return order.trailStop;
    default:
      return undefined;
  }
}

/** Notes that a stop's trigger was reached; true for orders that have none. */
export function checkTrigger(order: Order, quote: Quote): boolean {
  if (order.triggered) return true;
  trail(order, quote.last);
  const stop = stopOf(order);
  if (stop === undefined) {
    order.triggered = true;
    return true;
  }
  order.triggered = order.side === "BUY" ? quote.last.gte(stop) : quote.last.lte(stop);
  return order.triggered;
}

/** The price at which the market takes the order, or undefined when it does not. */
export function fillPrice(order: Order, quote: Quote, tick: number): Decimal | undefined {
  const { bid, ask } = quote;
  if (bid === undefined || ask === undefined) return undefined;
  const buy = order.side === "BUY";
  const across = buy ? ask : bid;
  const within = (limit: Decimal | undefined, price: Decimal): boolean =>
    limit === undefined || (buy ? price.lte(limit) : price.gte(limit));
  switch (order.type) {
    case "MKT":
    case "STP":
    case "TRAIL":
      return across;
    case "MIDPRICE": {
      const middle = bid.plus(ask).div(2).div(tick).round().mul(tick);
      return within(order.price, middle) ? middle : undefined;
    }
    case "LMT":
    case "STOP_LIMIT":
    case "TRAILLMT":
      return within(order.price, across) ? across : undefined;
  }
}
