import { mandateFaults } from "@ibkr-edge-gateway/protocol/approval/mandate-faults.ts";
import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aLeg, aNamedMandate, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { contract, marketOf, RISK_CASES } from "../../../../test/support/risk/cases.ts";
import {
  anyDeal,
  type Drawn,
  dealOf,
  legOf,
  marketOfDeal,
} from "../../../../test/support/risk/deals.ts";
import { judge } from "../../../../test/support/risk/oracle.ts";
import { capFaults } from "../../trust/limits/cap-faults.ts";
import { type Caps, type CapsFile, DEFAULT_CAPS, leastTier } from "../../trust/limits/caps.ts";
import { orderValue } from "./order-value.ts";

const NOW_MS = Date.parse(NOW);
const USAGE = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "0" };
const capsWith = (paper: Partial<Caps["paper"]>, drift = "0"): CapsFile & { ok: true } => ({
  ok: true,
  caps: {
    ...DEFAULT_CAPS,
    max_price_drift_bps: drift,
    paper: { ...DEFAULT_CAPS.paper, ...paper },
  },
});
const effectOf = (kind: Drawn["effect"]) =>
  kind === null ? null : ({ kind, position: "0", working_same_side: "0", at: NOW } as const);

function valued(
  leg: Leg,
  over: Partial<Parameters<typeof orderValue>[1]> & { price_magnifier?: string | null } = {},
) {
  const { price_magnifier, ...seen } = over;
  const order = anOrder({ legs: [leg] });
  return orderValue(price_magnifier === undefined ? { order } : { order, price_magnifier }, {
    market: aTicket().market,
    effect: effectOf("entry"),
    rates: { rates: new Map([["USD", "1"]]), at: NOW },
    base: "USD",
    caps: capsWith({}),
    nowMs: NOW_MS,
    ...seen,
  });
}

const put = aLeg({
  side: "SELL",
  quantity: "100",
  limit_price: "0.05",
  contract: contract({ asset_class: "OPT", multiplier: "100", right: "P", strike: "500" }),
});

describe("what this PC makes of an order", () => {
  it("is the strike of a put that is sold: 100 of strike 500 are five millions, and no cap passes them", () => {
    const value = valued(put, { market: null });
    expect(value).toMatchObject({ notional: "5000000", units: "100", missing: null });
    const order = anOrder({ legs: [put] });
    const numbers = { ...value, effect: effectOf("entry"), usage: USAGE };
    const rules = (max_notional: string) =>
      capFaults(capsWith({ max_notional }), order, numbers).map(({ rule }) => rule);
    expect(rules("4999999")).toEqual(["max_notional"]);
    expect(rules("5000000")).toEqual([]);
    const { caps } = capsWith({ tier_two_from_notional: "5000000" });
    expect(leastTier(caps, order, value.notional)).toBe(2);
  });

  it("is in base currency, by the rate that was read", () => {
    const two = aLeg({ quantity: "2" });
    expect(valued(two)).toEqual({ notional: "374.5", missing: null, units: "2", rate: "1" });
    const rates = { rates: new Map([["USD", "0.5"]]), at: NOW };
    expect(valued(two, { rates, base: "EUR" })).toMatchObject({ notional: "187.25", rate: "0.5" });
    expect(valued(two, { rates: null, base: "EUR" })).toMatchObject({ notional: null, rate: null });
  });

  it("bounds an amount of money in units by the cap on units", () => {
    const cash = aLeg({
      order_type: "MKT",
      limit_price: null,
      quantity: null,
      cash_quantity: "1000",
    });
    const value = valued(cash);
    // 1000 / (187.20 less 1 %)
    expect(Number(value.units)).toBeCloseTo(5.3958, 3);
    const rules = (max_quantity: string) =>
      capFaults(capsWith({ max_quantity }), anOrder({ legs: [cash] }), {
        ...value,
        effect: effectOf("entry"),
        usage: USAGE,
      }).map(({ rule }) => rule);
    expect(rules("5.3")).toEqual(["max_quantity"]);
    expect(rules("5.4")).toEqual([]);
    expect(valued(cash, { market: null })).toMatchObject({ notional: "1000", units: null });
  });

  it("takes its own bound on the price for the collar, and 1 % at least", () => {
    const market = aLeg({ order_type: "MKT", limit_price: null });
    expect(valued(market).notional).toBe("189.173");
    expect(valued(market, { caps: capsWith({}, "200") }).notional).toBe("191.046");
    expect(valued(market, { caps: { ok: false, reason: "" } }).notional).toBe("189.173");
  });

  it("says what is missing: a price, a unit, a rate of a known age", () => {
    const euro = aLeg({ contract: contract({ currency: "EUR" }) });
    const pounds = aLeg({ contract: contract({ currency: "GBP" }) });
    const rates = (at: string) => ({
      rates: new Map([
        ["EUR", "1.1"],
        ["GBP", "1.3"],
      ]),
      at,
    });
    const old = new Date(NOW_MS - 3_600_001).toISOString();
    expect(valued(euro, { rates: rates(NOW) }).notional).toBe("205.975");
    expect(valued(euro, { rates: rates(old) })).toMatchObject({
      notional: null,
      missing: "A recent exchange rate to the account's base currency",
    });
    expect(valued(euro, { rates: null }).notional).toBeNull();
    expect(valued(pounds, { rates: rates(NOW) }).missing).toContain("pence or pounds");
    expect(valued(pounds, { rates: rates(NOW), price_magnifier: "100" }).notional).toBe("2.43425");
    expect(valued(aLeg({ order_type: "MKT", limit_price: null }), { market: null }).missing).toBe(
      "A price to value the order at",
    );
  });

  it("is what was worked out by hand, for every case in dollars", () => {
    const dollars = RISK_CASES.filter(
      ({ leg, slippageBps, quotedUnits }) =>
        leg.contract.currency === "USD" && slippageBps === undefined && quotedUnits !== null,
    );
    expect(dollars.length).toBeGreaterThan(45);
    for (const { name, leg, market, effect, quotedUnits, is } of dollars) {
      const { notional } = valued(leg, {
        market: market == null ? null : marketOf(market),
        effect: effectOf(effect === undefined ? "entry" : effect),
        price_magnifier: quotedUnits ?? null,
      });
      expect(notional, name).toBe(typeof is === "string" ? is : null);
    }
  });
});

describe("caps and mandates let out no more risk than they say", () => {
  const most = fc.integer({ min: 1, max: 2_000_000 });
  const quoted = (drawn: Drawn) => (drawn.quotedUnits === 1 ? null : "100");

  it("whatever the kind, the side and the type", () => {
    fc.assert(
      fc.property(
        anyDeal,
        most,
        fc.integer({ min: 1, max: 1_000 }),
        fc.boolean(),
        (drawn, money, units, short_sales) => {
          const leg = legOf(drawn);
          const order = anOrder({ legs: [leg] });
          const market = marketOfDeal(drawn);
          const effect = effectOf(drawn.effect);
          const caps = capsWith(
            { max_notional: String(money), max_quantity: String(units), short_sales },
            String(drawn.slippageBps),
          );
          const value = valued(leg, { market, effect, caps, price_magnifier: quoted(drawn) });
          const judged = judge(dealOf(drawn));
          const within = money * (1 + 1e-9);
          const numbers = { ...value, effect, usage: USAGE };
          if (drawn.effect !== "exit" && capFaults(caps, order, numbers).length === 0) {
            expect(judged.lossUpToDouble).toBeLessThanOrEqual(within);
            expect(drawn.units).toBeLessThanOrEqual(units);
            // What has no end is short in shares or futures by name, and never a call.
            expect(judged.endless && (drawn.kind === "call" || !short_sales)).toBe(false);
          }
          const mandate = aNamedMandate({
            conids: null,
            asset_classes: ["STK", "OPT", "FUT"],
            sides: ["BUY", "SELL"],
            order_types: ["LMT", "MKT", "STP", "STOP_LIMIT", "TRAIL", "TRAILLMT", "MIDPRICE"],
            max_price_beyond_percent: "999999",
            latest_expiry: "20991231",
            short_sales,
            max_notional_per_order: String(money),
            max_notional_per_day: String(money),
            max_quantity_per_order: String(units),
          });
          const named = { ...leg, contract: { ...leg.contract, expiry: "20261218" } };
          const covered = mandateFaults(
            mandate,
            {
              ticket: aTicket(anOrder({ legs: [named] })),
              notional: value.notional,
              market,
              waits: false,
              gatewayAccountId: "acc_7d3f",
              clientId: null,
              effect,
              acceptedWarnings: [],
            },
            { orders_today: 0, notional_today: "0" },
            NOW,
          );
          if (covered.length === 0) {
            expect(judged.lossUpToDouble).toBeLessThanOrEqual(within);
            expect(drawn.units).toBeLessThanOrEqual(units);
            expect(judged.endless && (drawn.kind === "call" || !short_sales)).toBe(false);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("and let out what lies well inside, so that the property is about something", () => {
    const small = new Decimal(1);
    const value = valued(aLeg({ quantity: small.toString() }));
    const numbers = { ...value, effect: effectOf("entry"), usage: USAGE };
    expect(capFaults(capsWith({ max_notional: "200" }), anOrder(), numbers)).toEqual([]);
  });
});
