import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aBracket, aLeg, anOrder, aTicket, NOW } from "../../../test/support/orders.ts";
import { contract, marketOf, RISK_CASES, type RiskCase } from "../../../test/support/risk/cases.ts";
import { anyDeal, dealOf, legOf, marketOfDeal } from "../../../test/support/risk/deals.ts";
import { judge } from "../../../test/support/risk/oracle.ts";
import type { CanonicalOrder, Leg } from "./canonical-order.ts";
import { Decimal } from "./decimal.ts";
import { quotedUnitsPer } from "./price-unit.ts";
import { rateToBase, riskInBase } from "./risk-in-base.ts";
import { type RiskView, tradedValue, unitRisk, unitsAtMost, valueAtRisk } from "./value-at-risk.ts";

const view = (over: Partial<RiskView> = {}): RiskView => ({
  market: aTicket().market,
  slippageBps: new Decimal(100),
  effect: "entry",
  quotedUnits: new Decimal(1),
  ...over,
});

function viewOfCase(one: RiskCase): RiskView {
  const decimal = (text: string | null | undefined, otherwise: string): Decimal | null =>
    text === null ? null : new Decimal(text ?? otherwise);
  return {
    market: one.market == null ? null : marketOf(one.market),
    slippageBps: decimal(one.slippageBps, "100"),
    effect: one.effect === undefined ? "entry" : one.effect,
    quotedUnits: decimal(one.quotedUnits, "1"),
  };
}

const of = (legs: Leg[], over: Partial<CanonicalOrder> = {}) => anOrder({ legs, ...over });

describe("the value at risk, by hand", () => {
  it("has sixty cases or more, of each name one", () => {
    expect(new Set(RISK_CASES.map(({ name }) => name)).size).toBe(RISK_CASES.length);
    expect(RISK_CASES.length).toBeGreaterThanOrEqual(60);
  });

  it.each(RISK_CASES.map((one) => [one.name, one] as const))("%s", (_name, one) => {
    const risk = valueAtRisk(of([one.leg]), viewOfCase(one));
    expect(risk.uncoveredCall).toBe(one.uncoveredCall ?? false);
    if (typeof one.is === "string") {
      expect(risk.known && risk.value.toString()).toBe(one.is);
      expect(risk.known && risk.currency).toBe(one.leg.contract.currency);
    } else {
      expect(risk).toMatchObject({ known: false, ...one.is });
    }
  });
});

describe("the value at risk of several legs", () => {
  const value = (order: CanonicalOrder, over: Partial<RiskView> = {}) => {
    const risk = valueAtRisk(order, view(over));
    return risk.known ? risk.value.toString() : risk.missing;
  };

  it("is a bracket's worst leg, its exits counted as exits", () => {
    // Entry 10 at 187.25; the profit of 200 is the dearest that may trade.
    expect(value(aBracket())).toBe("2000");
    const put = contract({ asset_class: "OPT", multiplier: "100", right: "P", strike: "180" });
    const exit = { side: "SELL", contract: put, quantity: "2" } as const;
    const bought = of(
      [
        aLeg({ role: "entry", contract: put, quantity: "2", limit_price: "3" }),
        aLeg({ role: "take_profit", ...exit, limit_price: "5" }),
        aLeg({
          role: "stop_loss",
          ...exit,
          order_type: "STOP_LIMIT",
          stop_price: "2",
          limit_price: "1.9",
        }),
      ],
      { structure: "bracket" },
    );
    expect(value(bought, { market: null })).toBe("1000");
  });

  it("is the sum of a group", () => {
    const group = of(
      [
        aLeg({ role: "oca_member" }),
        aLeg({ role: "oca_member", limit_price: "100", quantity: "2" }),
      ],
      { structure: "oca" },
    );
    expect(value(group)).toBe("387.25");
  });

  it("is not known where one leg's is not, or where the currencies differ", () => {
    const other = contract({ conid: 8314, currency: "EUR" });
    const group = (leg: Leg) =>
      of([aLeg({ role: "oca_member" }), { ...leg, role: "oca_member" }], { structure: "oca" });
    expect(value(group(aLeg({ contract: other })))).toBe("one_currency");
    expect(value(group(aLeg({ order_type: "MKT", limit_price: null })), { market: null })).toBe(
      "price",
    );
  });

  it("is the worse of what a change leaves and what it changes", () => {
    const change = (before: Partial<Leg>, after: Partial<Leg>) =>
      of([aLeg(after)], {
        action: "modify",
        target: {
          order_id: "77",
          order_ref: "ieg1-0",
          foreign: false,
          before: aLeg(before),
          filled_quantity: "0",
        },
      });
    const small = { quantity: "1", limit_price: "100" };
    const large = { quantity: "10", limit_price: "150" };
    expect(value(change(small, large))).toBe("1500");
    expect(value(change(large, small))).toBe("1500");
  });
});

describe("an amount of money", () => {
  const cash = aLeg({
    order_type: "MKT",
    limit_price: null,
    quantity: null,
    cash_quantity: "1000",
  });
  const units = (over: Partial<RiskView> = {}) => unitsAtMost(cash, view(over));

  it("is bounded in units by the lowest price that market and collar admit", () => {
    // 1000 / (187.20 less 1 %) = 1000 / 185.328
    expect(units()?.toDecimalPlaces(6).toString()).toBe("5.395839");
    const pence = view({ quotedUnits: new Decimal(100) });
    expect(unitsAtMost(cash, pence)?.toDecimalPlaces(4).toString()).toBe("539.5839");
  });

  it("has no known units without a market, a collar or a unit", () => {
    expect(units({ market: null })).toBeNull();
    expect(units({ slippageBps: null })).toBeNull();
    expect(units({ slippageBps: new Decimal(10_000) })).toBeNull();
    expect(units({ quotedUnits: null })).toBeNull();
    expect(unitsAtMost(aLeg({ quantity: "7" }), view({ market: null }))?.toString()).toBe("7");
  });
});

describe("beside it", () => {
  const put = aLeg({
    side: "SELL",
    quantity: "100",
    limit_price: "0.05",
    contract: contract({ asset_class: "OPT", multiplier: "100", right: "P", strike: "500" }),
  });

  it("what changes hands is the premium alone", () => {
    expect(tradedValue(of([put]), view({ market: null }))?.toString()).toBe("500");
  });

  it("one unit counts as opened, or as held", () => {
    const risk = unitRisk(put, view({ market: null }));
    expect(risk.known && risk.value.toString()).toBe("50000");
    const held = unitRisk(put, view({ market: null, effect: "exit" }));
    expect(held.known && held.value.toString()).toBe("5");
  });
});

describe("the unit of a price", () => {
  it.each([
    ["USD", "STK", null, "1"],
    ["USD", "STK", undefined, "1"],
    ["GBP", "STK", "100", "100"],
    ["GBP", "STK", "1", "1"],
    ["USD", "FUT", "100", "100"],
    ["USD", "FUT", null, "1"],
    ["USD", "FUT", undefined, undefined],
    ["GBP", "STK", null, undefined],
    ["GBP", "OPT", null, undefined],
    ["ZAR", "STK", undefined, undefined],
    ["ILS", "STK", null, undefined],
    ["USD", "STK", "0", undefined],
    ["USD", "STK", "-1", undefined],
    ["USD", "STK", "N/A", undefined],
  ] as const)("%s %s with a magnifier of %s", (currency, asset_class, magnifier, expected) => {
    expect(quotedUnitsPer({ currency, asset_class }, magnifier)?.toString()).toBe(expected);
  });
});

describe("in the base currency", () => {
  const nowMs = Date.parse(NOW);
  const euro = { base: "EUR", maxRateAgeSeconds: 3_600, nowMs };
  const rate = (text: string, ageSeconds: number) => ({
    rate: text,
    at: new Date(nowMs - ageSeconds * 1_000).toISOString(),
  });
  const risk = (fx: { rate: string; at: string } | null, base = "EUR") => {
    const found = riskInBase(anOrder(), { ...view(), ...euro, base, fx });
    return found.known ? found.value.toString() : found.missing;
  };

  it("is the value at a rate that is young enough", () => {
    expect(risk(rate("0.92", 3_600))).toBe("172.27");
    expect(risk(rate("0.92", -30))).toBe("172.27");
    expect(risk(null, "USD")).toBe("187.25");
  });

  it.each([
    ["none", null],
    ["one too old", rate("0.92", 3_601)],
    ["one that is as far ahead of the clock", rate("0.92", -3_601)],
    ["one of no time", { rate: "0.92", at: "" }],
    ["nothing", rate("0", 0)],
    ["a placeholder", rate("-1", 0)],
    ["no figure", rate("1e9", 0)],
  ])("is not known at a rate that is %s", (_what, fx) => {
    expect(risk(fx)).toBe("exchange_rate");
    expect(rateToBase("USD", { ...euro, fx })).toBeNull();
  });
});

/** The oracle knows payoffs and prices in plain numbers, and nothing of the function. */
describe("against the payoff of the position", () => {
  it("says no less than what can be lost, and names what has no end", () => {
    fc.assert(
      fc.property(anyDeal, (drawn) => {
        const risk = valueAtRisk(of([legOf(drawn)]), {
          market: marketOfDeal(drawn),
          slippageBps: new Decimal(drawn.slippageBps),
          effect: drawn.effect,
          quotedUnits: new Decimal(drawn.quotedUnits),
        });
        if (!risk.known) throw new Error(`not known: ${risk.missing}`);
        const judged = judge(dealOf(drawn));
        const said = risk.value.toNumber() * (1 + 1e-9);
        expect(judged.lossUpToDouble).toBeLessThanOrEqual(said);
        // Only what is short of something that can rise has no worst price: of these the calls are
        // refused unless they are named, shares and futures need the permission to be short.
        const shortOfRise =
          drawn.side === "SELL" && drawn.kind !== "put" && drawn.effect !== "exit";
        expect(judged.endless).toBe(shortOfRise);
        expect(risk.uncoveredCall).toBe(shortOfRise && drawn.kind === "call");
        if (!judged.endless) expect(judged.loss).toBeLessThanOrEqual(said);
      }),
      { numRuns: 2_000 },
    );
  });
});
