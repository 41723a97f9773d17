import { adverseDriftBps, seenOn } from "@ibkr-edge-gateway/protocol/approval/price-drift.ts";
import { comparedPrice } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { Effect, Ticket, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

/** Drift binds entries; an exit is not held back because the market ran away from it. */
const isBound = ({ order }: Ticket, effect: Effect | null): boolean =>
  effect?.kind !== "exit" && order.action !== "cancel";

/** The PC's own reads of this moment. */
export interface OwnSight {
  market: TicketQuote | null;
  /** The order could not trade now. */
  waits: boolean;
  effect: Effect | null;
  maxDriftBps: string;
}

/** The move of the price since the owner's page showed it, with both prices in the refusal. */
export function driftFaults(ticket: Ticket, own: OwnSight): OrderRefusal[] {
  if (!isBound(ticket, own.effect)) return [];
  const [seen, sight] = [seenOn(ticket), { quote: own.market, waits: own.waits }];
  const drift = adverseDriftBps(ticket.order, seen, sight);
  if (drift?.lessThanOrEqualTo(dec(own.maxDriftBps))) return [];
  const [then, now] = [comparedPrice(seen), comparedPrice(sight)];
  const before = then === null ? "not known" : decimalText(then);
  const after = now === null ? "not known" : decimalText(now);
  const much =
    drift === null
      ? "Without both, nobody can tell how far it moved."
      : `It moved against the order by ${decimalText(drift.toDecimalPlaces(1))} basis points; this PC allows ${own.maxDriftBps}.`;
  return [
    refusal(
      "PRICE_DRIFT",
      "market",
      "drift_since_preview",
      `The price was ${before} when the order was prepared and is ${after} now. ${much}`,
    ),
  ];
}

/** At the preview: without a price now, no later move could be told, and the submit would refuse. */
export function driftUnknown(ticket: Ticket, effect: Effect | null): OrderRefusal[] {
  if (!isBound(ticket, effect) || comparedPrice(seenOn(ticket)) !== null) return [];
  return [
    refusal(
      "PRICE_DRIFT",
      "market",
      "price_known",
      "No price of the contract is known, so nobody could tell later how far it moved. Ask again when there is a quote.",
    ),
  ];
}
