import type { MandateV1, MandateV2 } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import type {
  CanonicalOrder,
  Contract,
  Leg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { canonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { type IntentDraft, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";

/** Orders to test with: one small paper order that is right in every way, and any order at all. */
export const AAPL: Contract = {
  conid: 265598,
  symbol: "AAPL",
  asset_class: "STK",
  exchange: "SMART",
  listing_exchange: "NASDAQ",
  currency: "USD",
  multiplier: "1",
  expiry: null,
  strike: null,
  right: null,
};

export function aLeg(over: Partial<Leg> = {}): Leg {
  return {
    role: "single",
    contract: AAPL,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    cash_quantity: null,
    limit_price: "187.25",
    stop_price: null,
    trailing: null,
    time_in_force: "DAY",
    outside_rth: false,
    ...over,
  };
}

export function anOrder(over: Partial<CanonicalOrder> = {}): CanonicalOrder {
  return {
    v: 1,
    action: "place",
    structure: "single",
    account_id: "DU1234567",
    mode: "paper",
    legs: [aLeg()],
    target: null,
    reduce_only: false,
    ...over,
  };
}

/** BUY 10 at 187.25, profit at 200, stop at 180. */
export function aBracket(): CanonicalOrder {
  const exit = { side: "SELL", quantity: "10" } as const;
  return anOrder({
    structure: "bracket",
    legs: [
      aLeg({ role: "entry", quantity: "10" }),
      aLeg({ role: "take_profit", ...exit, limit_price: "200" }),
      aLeg({
        role: "stop_loss",
        ...exit,
        order_type: "STP",
        limit_price: null,
        stop_price: "180",
      }),
    ],
  });
}

export const NOW = "2026-11-20T15:00:00.000Z";

export function aTicket(order: CanonicalOrder = anOrder(), over: Partial<Ticket> = {}): Ticket {
  return {
    v: 1,
    order,
    market: {
      conid: 265598,
      bid: "187.2",
      ask: "187.3",
      last: "187.25",
      prior_close: "186",
      availability: "live",
      halted: false,
      at: NOW,
    },
    notional: "187.25",
    base_currency: "USD",
    what_if: {
      amount: "187.25",
      commission: "1",
      total: "188.25",
      commission_currency: "USD",
      equity: { before: "1006413", after: "1006412" },
      initial_margin: { before: "8637", after: "8801" },
      maintenance_margin: { before: "8637", after: "8801" },
      error: null,
      at: NOW,
    },
    warnings: [],
    prepared_at: NOW,
    ...over,
  };
}

/** Five small limit orders to buy AAPL on the day of {@link NOW}, as signed before bounds on placing. */
export function aMandate(over: Partial<MandateV1> = {}): MandateV1 {
  return {
    v: 1,
    mandate_id: "m1",
    gateway_account_id: "acc_7d3f",
    accounts: ["DU1234567"],
    mode: "paper",
    clients: ["client-1"],
    conids: [265598],
    asset_classes: ["STK"],
    sides: ["BUY"],
    order_types: ["LMT"],
    reduce_only: false,
    max_notional_per_order: "200",
    max_notional_per_day: "1000",
    max_quantity_per_order: "1",
    max_orders_per_day: 5,
    accepted_warnings: [],
    not_before: "2026-11-20T00:00:00.000Z",
    not_after: "2026-11-21T00:00:00.000Z",
    nonce: "0".repeat(32),
    ...over,
  };
}

/** The same with every bound named. */
export function aNamedMandate(over: Partial<MandateV2> = {}): MandateV2 {
  return {
    ...aMandate(),
    v: 2,
    currencies: ["USD"],
    exchanges: ["SMART"],
    times_in_force: ["DAY"],
    outside_rth: false,
    when_closed: false,
    short_sales: false,
    max_price_beyond_percent: "1",
    latest_expiry: null,
    ...over,
  };
}

export function aDraft(over: Partial<IntentDraft> = {}): IntentDraft {
  return {
    v: 1,
    ticket: aTicket(),
    gateway_account_id: "acc_7d3f",
    sidecar_id: "sc_1b2c",
    generation: 4,
    preview_id: "pv_0001",
    policy_version: 1,
    policy_hash: "a".repeat(64),
    accepted_warnings: [],
    nonce: "0123456789abcdef0123456789abcdef",
    not_after: "2026-11-20T15:05:00.000Z",
    ...over,
  };
}

export const anIntent = (over: Partial<IntentDraft> = {}) => intentOf(aDraft(over));

/** A positive decimal in the order grammar, in one of its spellings. */
export const anyDecimal: fc.Arbitrary<string> = fc
  .tuple(
    fc.integer({ min: 0, max: 999_999_999 }),
    fc.integer({ min: 0, max: 999_999 }),
    fc.boolean(),
  )
  .filter(([whole, part]) => whole + part > 0)
  .map(([whole, part, trim]) => {
    if (part === 0 && trim) return String(whole);
    const digits = String(part).padStart(6, "0");
    return `${whole}.${trim ? digits.replace(/0+$/, "") : digits}`;
  });

export const anyLeg: fc.Arbitrary<Leg> = fc
  .record({
    side: fc.constantFrom("BUY" as const, "SELL" as const),
    order_type: fc.constantFrom(
      "LMT" as const,
      "MKT" as const,
      "STP" as const,
      "STOP_LIMIT" as const,
      "TRAIL" as const,
      "TRAILLMT" as const,
      "MIDPRICE" as const,
    ),
    quantity: anyDecimal,
    limit: anyDecimal,
    stop: anyDecimal,
    offset: anyDecimal,
    unit: fc.constantFrom("amount" as const, "percent" as const),
    time_in_force: fc.constantFrom("DAY" as const, "GTC" as const),
    outside_rth: fc.boolean(),
    conid: fc.integer({ min: 1, max: 999_999_999 }),
  })
  .map(({ limit, stop, offset, unit, conid, ...rest }) => {
    const type = rest.order_type;
    return aLeg({
      ...rest,
      contract: { ...AAPL, conid },
      limit_price: ["LMT", "STOP_LIMIT", "TRAILLMT", "MIDPRICE"].includes(type) ? limit : null,
      stop_price: ["STP", "STOP_LIMIT", "TRAILLMT"].includes(type) ? stop : null,
      trailing: type.startsWith("TRAIL") ? { unit, offset } : null,
    });
  });

export const anyOrder: fc.Arbitrary<CanonicalOrder> = anyLeg.map((leg) =>
  canonicalOrder(anOrder({ legs: [leg] })),
);
