import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AAPL, aBracket, aLeg, anOrder, aTicket } from "../../../test/support/orders.ts";
import type { CanonicalOrder, Leg } from "./canonical-order.ts";
import { structureFaults } from "./structure-faults.ts";

const market = aTicket().market;
const rules = (order: CanonicalOrder, quote = market) =>
  structureFaults(order, quote).map(({ rule }) => rule);

const withLeg = (index: number, over: Partial<Leg>): CanonicalOrder => {
  const bracket = aBracket();
  return {
    ...bracket,
    legs: bracket.legs.map((leg, at) => (at === index ? { ...leg, ...over } : leg)),
  };
};

describe("a bracket", () => {
  it("passes when its exits lie on either side of the entry", () => {
    expect(rules(aBracket())).toEqual([]);
  });

  it.each<[string, number, Partial<Leg>]>([
    ["profit_side", 1, { limit_price: "187.25" }],
    ["profit_side", 1, { limit_price: "150" }],
    ["loss_side", 2, { stop_price: "187.25" }],
    ["loss_side", 2, { stop_price: "190" }],
    ["opposite_side", 1, { side: "BUY" }],
    ["not_more_than_entry", 2, { quantity: "11" }],
    ["not_more_than_entry", 0, { quantity: null }],
    ["same_contract", 1, { contract: { ...aLeg().contract, conid: 1 } }],
    ["limit", 1, { order_type: "MKT" }],
    ["stop", 2, { order_type: "LMT" }],
    ["prices_known", 1, { limit_price: null }],
    ["entry_then_two_exits", 0, { role: "single" }],
  ])("is refused by %s", (rule, index, over) => {
    expect(rules(withLeg(index, over))).toContain(rule);
  });

  it("with a market entry is judged against the market, and not at all without one", () => {
    const entry: Partial<Leg> = { order_type: "MKT", limit_price: null };
    expect(rules(withLeg(0, entry))).toEqual([]);
    expect(rules(withLeg(0, entry), null)).toEqual(["prices_known"]);
  });

  it("holds for any prices: profit beyond, stop behind, mirrored for a short", () => {
    const price = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(price, price, price, fc.boolean(), (entry, profit, stop, long) => {
        const bracket = aBracket();
        const legs = bracket.legs.map((leg) => ({
          ...leg,
          side: (leg.role === "entry") === long ? ("BUY" as const) : ("SELL" as const),
          limit_price:
            leg.role === "entry" ? `${entry}` : leg.role === "take_profit" ? `${profit}` : null,
          stop_price: leg.role === "stop_loss" ? `${stop}` : null,
        }));
        const coherent = long ? profit > entry && stop < entry : profit < entry && stop > entry;
        expect(rules({ ...bracket, legs }).length === 0).toBe(coherent);
      }),
    );
  });
});

describe("a group", () => {
  const member = (over: Partial<Leg>) => aLeg({ role: "oca_member", ...over });
  const group = (...legs: Leg[]) => anOrder({ structure: "oca", legs });

  it("needs two different members, none of them at the market", () => {
    expect(rules(group(member({}), member({ limit_price: "180" })))).toEqual([]);
    expect(rules(group(member({})))).toEqual(["two_members"]);
    expect(rules(group(member({}), member({})))).toEqual(["distinct_members"]);
    const other = { ...AAPL, conid: 1, symbol: "OTHER" };
    expect(rules(group(member({}), member({ contract: other })))).toEqual(["same_contract"]);
    expect(rules(group(member({}), member({ side: "SELL" })))).toEqual(["same_side"]);
    expect(rules(group(member({}), member({ quantity: "2" })))).toEqual(["same_quantity"]);
    expect(rules(group(member({}), member({ order_type: "MKT", limit_price: null })))).toEqual([
      "no_market_member",
    ]);
    expect(rules(group(member({}), member({ time_in_force: "IOC", limit_price: "1" })))).toEqual([
      "group_tif",
    ]);
  });
});

it("a single order has one leg", () => {
  expect(rules(anOrder({ legs: [aLeg(), aLeg()] }))).toEqual(["single_leg"]);
});
