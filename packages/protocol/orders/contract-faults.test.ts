import { describe, expect, it } from "vitest";
import { AAPL, aBracket, aLeg, anOrder, aTicket, NOW } from "../../../test/support/orders.ts";
import type { Leg } from "./canonical-order.ts";
import { quantityFaults, stopSideFaults, tickFaults, venueFaults } from "./contract-faults.ts";
import type { ContractRules } from "./ticket.ts";

const RULES: ContractRules = {
  order_types: ["LMT", "MKT", "STP", "STOP_LIMIT", "MIDPRICE"],
  order_types_outside_rth: ["LMT"],
  times_in_force: ["DAY", "GTC"],
  increments: [
    { from: "0", step: "0.0001" },
    { from: "1", step: "0.01" },
  ],
  size_step: "100",
  fractional: false,
  cash_quantity: false,
  tradable_accounts: ["DU1234567"],
  negative_prices: false,
  error: null,
  at: NOW,
};
const market = aTicket().market;
const order = (over: Partial<Leg>) => anOrder({ legs: [aLeg(over)] });
const rulesOf = (faults: { rule: string }[] | null) => faults?.map(({ rule }) => rule) ?? null;

describe("ticks", () => {
  it.each([
    ["187.25", []],
    ["187.255", ["on_tick"]],
    ["0.9999", []],
    ["0.99995", ["on_tick"]],
    ["1.001", ["on_tick"]],
  ])("%s", (limit_price, faults) => {
    expect(rulesOf(tickFaults(order({ limit_price }), RULES))).toEqual(faults);
  });

  it("cover every price of every leg and name it", () => {
    const bracket = aBracket();
    const legs = bracket.legs.map((leg) =>
      leg.role === "stop_loss" ? { ...leg, stop_price: "180.001" } : leg,
    );
    expect(tickFaults({ ...bracket, legs }, RULES)?.map(({ field }) => field)).toEqual([
      "stop_loss.stop_price",
    ]);
  });

  it("cannot be judged without rules, which is not a pass", () => {
    expect(tickFaults(order({}), null)).toBeNull();
    expect(tickFaults(order({}), { ...RULES, increments: [] })).toBeNull();
    expect(
      tickFaults(order({}), { ...RULES, increments: [{ from: "500", step: "1" }] }),
    ).toBeNull();
  });
});

describe("quantities", () => {
  it("are whole, unless the contract is known to take fractions", () => {
    expect(rulesOf(quantityFaults(order({ quantity: "0.5" }), RULES))).toEqual(["whole_units"]);
    const fractional = { ...RULES, fractional: true };
    expect(rulesOf(quantityFaults(order({ quantity: "0.5" }), fractional))).toEqual([]);
    expect(
      rulesOf(quantityFaults(order({ quantity: "0.5" }), { ...RULES, fractional: null })),
    ).toEqual(["whole_units"]);
    const option = order({ quantity: "0.5", contract: { ...AAPL, asset_class: "OPT" } });
    expect(rulesOf(quantityFaults(option, fractional))).toEqual(["whole_units"]);
  });

  it("one share passes where the broker's display step is a hundred", () => {
    expect(rulesOf(quantityFaults(order({ quantity: "1" }), RULES))).toEqual([]);
  });

  it("keep a fractional contract's own step", () => {
    const fine = { ...RULES, fractional: true, size_step: "0.01" };
    expect(rulesOf(quantityFaults(order({ quantity: "0.005" }), fine))).toEqual(["on_size_step"]);
    expect(quantityFaults(order({}), null)).toBeNull();
  });
});

describe("stops", () => {
  const stop = (side: "BUY" | "SELL", stop_price: string) =>
    order({ side, order_type: "STP", limit_price: null, stop_price });

  it.each([
    ["SELL", "180", []],
    ["SELL", "187.25", ["ahead_of_market"]],
    ["SELL", "190", ["ahead_of_market"]],
    ["BUY", "190", []],
    ["BUY", "187.25", ["ahead_of_market"]],
    ["BUY", "180", ["ahead_of_market"]],
  ] as const)("%s stop at %s with the market at 187.25", (side, price, faults) => {
    expect(rulesOf(stopSideFaults(stop(side, price), market))).toEqual(faults);
  });

  it("cannot be judged without a market, and a bracket's own stop is judged by its entry", () => {
    expect(stopSideFaults(stop("SELL", "180"), null)).toBeNull();
    expect(stopSideFaults(aBracket(), null)).toEqual([]);
  });
});

describe("venue rules", () => {
  it.each<[string, Partial<Leg>]>([
    ["type_offered", { order_type: "TRAIL" }],
    ["tif_offered", { time_in_force: "IOC" }],
    ["cash_quantity_offered", { cash_quantity: "100", quantity: null, order_type: "MKT" }],
    ["buy_market_only", { cash_quantity: "100", quantity: null, side: "SELL", order_type: "MKT" }],
    ["option_session", { contract: { ...AAPL, asset_class: "OPT" }, outside_rth: true }],
    ["limit_only_outside_hours", { order_type: "STP", outside_rth: true }],
    ["type_offered_outside_hours", { order_type: "STP", outside_rth: true }],
  ])("%s", (rule, over) => {
    expect(rulesOf(venueFaults(order(over), RULES))).toContain(rule);
  });

  it("know the accounts that may trade, and an error is one", () => {
    expect(rulesOf(venueFaults(anOrder({ account_id: "DU7654321" }), RULES))).toEqual([
      "account_may_trade",
    ]);
    expect(rulesOf(venueFaults(anOrder(), { ...RULES, error: "no rules" }))).toEqual([
      "rules_error",
    ]);
    expect(venueFaults(anOrder(), null)).toBeNull();
    expect(venueFaults(anOrder(), { ...RULES, order_types: null })).toBeNull();
    expect(venueFaults(anOrder(), { ...RULES, times_in_force: null })).toEqual([]);
    const gtc = order({ time_in_force: "GTC" });
    expect(venueFaults(gtc, { ...RULES, times_in_force: null })).toBeNull();
    expect(venueFaults(anOrder(), RULES)).toEqual([]);
  });
});
