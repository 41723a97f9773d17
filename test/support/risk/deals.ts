import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import * as fc from "fast-check";
import { aLeg } from "../orders.ts";
import { contract, marketOf } from "./cases.ts";
import type { Deal, Instrument } from "./oracle.ts";

const cents = (min: number, max: number) => fc.integer({ min, max }).map((n) => n / 100);
/** Any order of one leg: a kind, a side, a type, and the market it meets. */
export const anyDeal = fc.record({
  kind: fc.constantFrom("share", "future", "put", "call"),
  side: fc.constantFrom("BUY" as const, "SELL" as const),
  type: fc.constantFrom(
    "LMT" as const,
    "MKT" as const,
    "STP" as const,
    "STOP_LIMIT" as const,
    "TRAIL" as const,
    "TRAILLMT" as const,
    "MIDPRICE" as const,
  ),
  units: fc.integer({ min: 1, max: 1_000 }),
  limit: cents(1, 100_000),
  stop: cents(1, 100_000),
  bid: cents(1, 100_000),
  spread: cents(1, 200),
  trail: cents(1, 500),
  strike: cents(100, 100_000),
  multiplier: fc.constantFrom(1, 5, 50, 100, 1_000),
  quotedUnits: fc.constantFrom(1, 100),
  slippageBps: fc.constantFrom(0, 50, 100, 500),
  effect: fc.constantFrom("entry" as const, "exit" as const, "flip" as const, null),
});
export type Drawn = typeof anyDeal extends fc.Arbitrary<infer T> ? T : never;

const limited = (type: string) => ["LMT", "STOP_LIMIT", "TRAILLMT", "MIDPRICE"].includes(type);
const stopped = (type: string) => ["STP", "STOP_LIMIT", "TRAILLMT"].includes(type);

export function legOf(deal: Drawn): Leg {
  const option = deal.kind === "put" || deal.kind === "call";
  return aLeg({
    side: deal.side,
    order_type: deal.type,
    quantity: String(deal.units),
    limit_price: limited(deal.type) ? String(deal.limit) : null,
    stop_price: stopped(deal.type) ? String(deal.stop) : null,
    trailing: deal.type.startsWith("TRAIL") ? { unit: "amount", offset: String(deal.trail) } : null,
    contract: contract({
      asset_class: option ? "OPT" : deal.kind === "share" ? "STK" : "FUT",
      multiplier: deal.kind === "share" ? "1" : String(deal.multiplier),
      strike: option ? String(deal.strike) : null,
      right: deal.kind === "put" ? "P" : deal.kind === "call" ? "C" : null,
    }),
  });
}

/** Prices that the order may trade at, in the quoted unit, by what the order types mean. */
function fillsOf(deal: Drawn): number[] {
  const { bid, limit, stop } = deal;
  const ask = bid + deal.spread;
  const beyond = 1 + deal.slippageBps / 10_000;
  const market = deal.side === "BUY" ? ask : bid;
  const whole: Record<Drawn["type"], number[]> = {
    LMT: deal.side === "BUY" ? [limit, Math.min(limit, ask)] : [limit, Math.max(limit, bid)],
    STOP_LIMIT: deal.side === "BUY" ? [limit] : [limit, Math.max(limit, Math.min(stop, bid))],
    MIDPRICE: deal.side === "BUY" ? [limit] : [Math.max(limit, (bid + ask) / 2)],
    MKT: [market, deal.side === "BUY" ? ask * beyond : bid],
    STP: [deal.side === "BUY" ? Math.max(stop, ask) * beyond : Math.min(stop, bid)],
    TRAIL: [deal.side === "BUY" ? (ask + deal.trail) * beyond : bid - deal.trail],
    TRAILLMT: [deal.side === "BUY" ? (ask + deal.trail) * beyond : bid - deal.trail],
  };
  return whole[deal.type].map((price) => Math.max(0.01, price) / deal.quotedUnits);
}

function instrumentOf(deal: Drawn): Instrument {
  const { multiplier, strike } = deal;
  if (deal.kind === "share") return { kind: "share" };
  if (deal.kind === "future") return { kind: "future", multiplier };
  return deal.kind === "put"
    ? { kind: "put", multiplier, strike }
    : { kind: "call", multiplier, strike };
}

export const dealOf = (deal: Drawn): Deal => ({
  instrument: instrumentOf(deal),
  side: deal.side === "BUY" ? "buy" : "sell",
  units: deal.units,
  fills: fillsOf(deal),
  closes: deal.effect === "exit",
});

export const marketOfDeal = ({ bid, spread }: Drawn) =>
  marketOf({ bid: String(bid), ask: new Decimal(bid).plus(spread).toString() });
