import type {
  CanonicalOrder,
  Contract,
  Leg,
  LegRole,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { OrderType, type Side } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { AAPL, aLeg, anOrder, NOW } from "../support/orders.ts";
import type { Scene } from "./oracle.ts";

/** Any order that the gateway can build, in any market, with anything of it unread now and then. */
export interface Case {
  order: CanonicalOrder;
  scene: Scene;
}

/** 0.01 to 1,000 by the cent, of which round numbers that meet limits exactly are common. */
export const anyPrice: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom("0.05", "1", "72.5", "100", "187.25", "500") },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 100_000 }).map((cents) => (cents / 100).toFixed(2)),
  },
);

export const anyQuantity: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: 1, max: 500 }).map(String),
  fc.integer({ min: 1, max: 99_999 }).map((parts) => (parts / 1_000).toFixed(3)),
);

const rarely = <T>(value: T, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: rare });
const sometimesNull = <T>(arbitrary: fc.Arbitrary<T>, freq = 8): fc.Arbitrary<T | null> =>
  fc.option(arbitrary, { nil: null, freq });

/** Shares, options and futures in currencies that are quoted whole, in pence, in cents and in agorot. */
export const anyContract: fc.Arbitrary<Contract> = fc
  .record({
    asset_class: fc.constantFrom("STK" as const, "OPT" as const, "FUT" as const),
    currency: fc.constantFrom("USD", "EUR", "GBP", "ZAR", "ILS", "JPY"),
    multiplier: fc.constantFrom("1", "5", "10", "50", "100", "1000", "0.1"),
    strike: rarely<string | null>("", fc.constant(null)).chain((given) =>
      given === null ? fc.constant(null) : anyPrice,
    ),
    right: rarely<"C" | "P" | null>("P", fc.constant(null)).chain((given) =>
      given === null ? fc.constant(null) : fc.constantFrom("C" as const, "P" as const),
    ),
  })
  .map(({ asset_class, currency, multiplier, strike, right }) => ({
    ...AAPL,
    asset_class,
    currency,
    multiplier: asset_class === "STK" ? "1" : multiplier,
    expiry: asset_class === "STK" ? null : "20261218",
    strike: asset_class === "OPT" ? strike : null,
    right: asset_class === "OPT" ? right : null,
  }));

/** A leg of every type, with the fields that its type has (see `FIELDS_OF_TYPE`). */
export function anyLeg(contract: Contract, role: LegRole, side: Side): fc.Arbitrary<Leg> {
  return fc
    .record({
      order_type: fc.constantFrom(...OrderType.options),
      quantity: anyQuantity,
      limit: anyPrice,
      stop: anyPrice,
      optional: fc.boolean(),
      cash: fc.integer({ min: 0, max: 9 }),
      trailing: fc.oneof(
        anyPrice.map((offset) => ({ unit: "amount" as const, offset })),
        fc
          .integer({ min: 1, max: 999 })
          .map((tenths) => ({ unit: "percent" as const, offset: (tenths / 10).toFixed(1) })),
      ),
    })
    .map(({ order_type, quantity, limit, stop, optional, cash, trailing }) => {
      const hasLimit = /LMT|LIMIT/.test(order_type) || (order_type === "MIDPRICE" && optional);
      const hasStop =
        /^STP|^STOP|TRAILLMT/.test(order_type) || (order_type === "TRAIL" && optional);
      const inCash = order_type === "MKT" && side === "BUY" && role === "single" && cash < 5;
      return aLeg({
        role,
        contract,
        side,
        order_type,
        quantity: inCash ? null : quantity,
        cash_quantity: inCash ? limit : null,
        limit_price: hasLimit ? limit : null,
        stop_price: hasStop ? stop : null,
        trailing: order_type.startsWith("TRAIL") ? trailing : null,
      });
    });
}

const anySide = fc.constantFrom("BUY" as const, "SELL" as const);
const other = (side: Side): Side => (side === "BUY" ? "SELL" : "BUY");

function bracketOf(contract: Contract, side: Side): fc.Arbitrary<CanonicalOrder> {
  return fc
    .tuple(
      anyLeg(contract, "entry", side),
      anyLeg(contract, "take_profit", other(side)),
      anyLeg(contract, "stop_loss", other(side)),
    )
    .map((legs) => anOrder({ structure: "bracket", legs }));
}

function groupOf(contract: Contract, side: Side): fc.Arbitrary<CanonicalOrder> {
  return fc
    .tuple(
      fc.array(anyLeg(contract, "oca_member", side), { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 0, max: 19 }),
    )
    .map(([legs, stray]) => {
      const members = legs.map((leg, at) =>
        stray === 0 && at > 0 ? { ...leg, contract: { ...contract, conid: 2 } } : leg,
      );
      const mixed = members.map((leg, at) =>
        stray === 1 && at > 0
          ? {
              ...leg,
              contract: { ...contract, currency: contract.currency === "USD" ? "EUR" : "USD" },
            }
          : leg,
      );
      return anOrder({ structure: "oca", legs: mixed });
    });
}

function changeOf(contract: Contract, side: Side): fc.Arbitrary<CanonicalOrder> {
  return fc
    .tuple(anyLeg(contract, "single", side), anyLeg(contract, "single", side))
    .map(([before, after]) =>
      anOrder({
        action: "modify",
        legs: [after],
        target: {
          order_id: "77",
          order_ref: "ieg1-0",
          foreign: false,
          before,
          filled_quantity: "0",
        },
      }),
    );
}

export const anyOrder: fc.Arbitrary<CanonicalOrder> = fc
  .tuple(anyContract, anySide, fc.integer({ min: 0, max: 9 }))
  .chain(([contract, side, shape]) => {
    if (shape === 0) return bracketOf(contract, side);
    if (shape === 1) return groupOf(contract, side);
    if (shape === 2) return changeOf(contract, side);
    return anyLeg(contract, "single", side).map((leg) => anOrder({ legs: [leg] }));
  });

/** Bid, ask and last near one another, each of them unread now and then, or none at all. */
export const anyMarket: fc.Arbitrary<TicketQuote | null> = sometimesNull(
  fc
    .record({
      last: fc.integer({ min: 2, max: 100_000 }),
      spread: fc.integer({ min: 0, max: 200 }),
      drift: fc.integer({ min: -200, max: 200 }),
      gone: fc.tuple(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 5 }),
      ),
      nothing: fc.constantFrom(null, "0", "-1"),
      prior: sometimesNull(anyPrice),
      reference: fc.option(sometimesNull(anyPrice), { nil: undefined }),
      stray: fc.integer({ min: 0, max: 19 }),
      below: fc.integer({ min: 0, max: 49 }),
    })
    .map(({ last, spread, drift, gone, nothing, prior, reference, stray, below }): TicketQuote => {
      const bid = Math.max(1, last + drift);
      const price = (cents: number, missing: number) =>
        missing === 0 ? nothing : ((below === 0 ? -cents : cents) / 100).toFixed(2);
      return {
        conid: stray === 0 ? 1 : AAPL.conid,
        bid: price(bid, gone[0]),
        ask: price(bid + spread, gone[1]),
        last: price(last, gone[2]),
        prior_close: prior,
        availability: "live",
        halted: false,
        at: NOW,
        ...(reference === undefined
          ? {}
          : {
              reference:
                reference === null
                  ? null
                  : {
                      price: reference,
                      source: "live_last" as const,
                      session_date: "2026-11-20",
                      at: NOW,
                    },
            }),
      };
    }),
);

export const anyScene = (currency: string): fc.Arbitrary<Scene> =>
  fc.record({
    market: anyMarket,
    slippageBps: sometimesNull(fc.constantFrom("100", "150", "200", "1000")),
    effect: sometimesNull(fc.constantFrom("entry" as const, "exit" as const, "flip" as const), 4),
    quotedUnits: sometimesNull(fc.constantFrom("1", "100", "10", "1000")),
    base: fc.constantFrom("USD", "EUR", currency),
    fx: sometimesNull(
      fc.record({
        rate: fc.constantFrom("1", "0.92", "1.274518", "0.0066", "0.053"),
        at: fc
          .constantFrom(0, 60, 3_599, 3_600, 3_601, 86_400, -30, -3_601)
          .map((age) => new Date(Date.parse(NOW) - age * 1_000).toISOString()),
      }),
    ),
    maxRateAgeSeconds: fc.constantFrom(60, 3_600),
    nowMs: fc.constant(Date.parse(NOW)),
  });

export const anyCase: fc.Arbitrary<Case> = anyOrder.chain((order) =>
  anyScene(order.legs[0]?.contract.currency ?? "USD").map((scene) => ({ order, scene })),
);
