import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anOrder } from "../../test/support/orders.ts";
import { aDraftOf, type Tweak, verdictOf } from "../../test/support/policy.ts";
import {
  both,
  client,
  leg,
  market,
  marketOrders,
  position,
  shortOption,
  usage,
} from "../../test/support/policy-cases/tweaks.ts";
import { contract } from "../../test/support/risk/cases.ts";
import { anyDeal, dealOf, legOf, marketOfDeal } from "../../test/support/risk/deals.ts";
import { judge } from "../../test/support/risk/oracle.ts";
import { policyOf } from "./document.ts";
import { evaluatePolicy } from "./evaluate.ts";
import { figuresOf } from "./figures.ts";

/** 100 puts of strike 500, sold at 0.05: a premium of 500, and five millions to buy the shares. */
const puts: Tweak = both(
  shortOption,
  leg({
    side: "SELL",
    quantity: "100",
    limit_price: "0.05",
    contract: contract({
      asset_class: "OPT",
      multiplier: "100",
      right: "P",
      strike: "500",
      expiry: "20261218",
    }),
  }),
  ({ s }) => {
    Object.assign(market(s), { bid: "0.04", ask: "0.06", last: "0.05" });
  },
);

const notionalOf = (...tweaks: Tweak[]) => {
  const { s, p } = aDraftOf(...tweaks);
  return figuresOf(s, p).notional?.toString() ?? null;
};
const failing = (...tweaks: Tweak[]) => verdictOf(...tweaks).failures.map(({ check }) => check);

describe("every limit in money is held to the value at risk", () => {
  it("of puts that are sold: their strike", () => {
    expect(notionalOf(puts)).toBe("5000000");
  });

  it("of what assignment would come to, in the base currency", () => {
    const sterling: Tweak = both(puts, ({ s, p }) => {
      const { order } = s.ticket;
      s.ticket.order = {
        ...order,
        legs: order.legs.map((sold) => ({
          ...sold,
          contract: { ...sold.contract, currency: "GBP" },
        })),
      };
      s.ticket.price_magnifier = "1";
      s.facts.fx_to_base = { rate: "1.25", at: s.now };
      Object.assign(p.options, { max_contracts: null, max_assignment_notional: "6000000" });
    });
    const said = (...tweaks: Tweak[]) =>
      verdictOf(sterling, ...tweaks).results.find(({ check }) => check === "option-rules");
    // 5,000,000 GBP are 6,250,000 USD.
    expect(said()?.message).toContain("Assignment would come to more");
    expect(
      said(({ p }) => {
        p.options.max_assignment_notional = "6250000";
      }),
    ).toMatchObject({ outcome: "pass" });
    expect(
      said(({ s }) => {
        s.facts.fx_to_base = null;
      })?.outcome,
    ).toBe("unknown");
  });

  it.each<[string, Tweak]>([
    ["order-notional", () => {}],
    [
      "agent-budget",
      ({ p, s }) => {
        p.clients.max_notional_per_day = "5000000";
        client(s).notional_today = "1";
      },
    ],
    [
      "turnover-per-day",
      ({ p, s }) => {
        p.cumulative.max_turnover_per_day = "5000000";
        usage(s).turnover_today = "1";
      },
    ],
    ["open-notional", () => {}],
    ["position-notional", () => {}],
    ["nlv-percent", () => {}],
    ["buying-power", () => {}],
    ["exposure", () => {}],
    [
      "approval-tier",
      ({ p }) => {
        p.tiers.tier_two_above_notional = "4999999";
      },
    ],
    [
      "cash-only",
      ({ p }) => {
        p.order.cash_only = true;
      },
    ],
    [
      "fat-finger-notional",
      ({ s }) => {
        s.edge.history = { quantities: [], notionals: Array.from({ length: 5 }, () => "500") };
      },
    ],
  ])("%s", (check, tweak) => {
    expect(failing(puts, tweak)).toContain(check);
  });

  it("by the smallest part above it: nothing is rounded away", () => {
    const fraction: Tweak = leg({ quantity: "0.000001", limit_price: "187.250001" });
    expect(notionalOf(fraction)).toBe("0.000187250001");
    const step: Tweak = ({ p }) => {
      p.tiers.tier_two_above_notional = "0.000187";
    };
    expect(failing(fraction, step)).toContain("approval-tier");
  });

  it("and commission to the premium, which is what is traded", () => {
    const { s, p } = aDraftOf(puts);
    expect(figuresOf(s, p).traded?.toString()).toBe("500");
  });

  it("of short options that are held as well: gross exposure and shares of the account", () => {
    const held: Tweak = ({ s, p }) => {
      s.facts.positions = [
        position({
          conid: 7,
          asset_class: "OPT",
          quantity: "-100",
          value: "-500",
          at_risk: "5000000",
        }),
      ];
      p.portfolio.max_currency_percent = "50";
    };
    expect(failing(held)).toEqual(expect.arrayContaining(["exposure", "concentration"]));
    const unknown: Tweak = ({ s }) => {
      s.facts.positions = [position({ conid: 7, quantity: "-1", value: "-5", at_risk: null })];
    };
    expect(failing(unknown)).toContain("exposure");
  });

  it("of a market order at the policy's collar, and of none where there is no collar", () => {
    const at = (bps: string | null, aggressive: string | null = "300") =>
      notionalOf(marketOrders, ({ p }) => {
        p.data.market_slippage_bps = bps;
        p.data.collar_aggressive_bps = aggressive;
      });
    expect(at("100")).toBe("189.173");
    expect(at("50")).toBe("189.173");
    expect(at("500")).toBe("196.665");
    expect(at(null)).toBe("192.919");
    expect(at(null, null)).toBeNull();
  });

  it("of an amount of money in units too", () => {
    const cash = leg({
      order_type: "MKT",
      limit_price: null,
      quantity: null,
      cash_quantity: "1000",
    });
    const within = (max_quantity: string) =>
      verdictOf(cash, ({ p }) => {
        p.order.max_quantity = max_quantity;
      }).results.find(({ check }) => check === "order-quantity")?.outcome;
    expect(within("5.4")).toBe("pass");
    expect(within("5.3")).toBe("fail");
  });

  it("at a rate that is young enough, of one hour where the policy says none", () => {
    const euro = (seconds: number): Tweak =>
      both(leg({ contract: contract({ currency: "EUR" }) }), ({ s, p }) => {
        p.data.max_fx_age_seconds = null;
        const at = new Date(Date.parse(s.now) - seconds * 1_000).toISOString();
        s.facts.fx_to_base = { rate: "1.1", at };
      });
    expect(notionalOf(euro(3_600))).toBe("205.975");
    expect(notionalOf(euro(3_601))).toBeNull();
    const said = verdictOf(euro(3_601)).failures.find(({ check }) => check === "order-notional");
    expect(said?.message).toContain("A recent exchange rate to the account's base currency");
  });
});

it("no policy lets out more risk than its limit per order says, whatever the kind, side and type", () => {
  fc.assert(
    fc.property(anyDeal, fc.integer({ min: 1, max: 2_000_000 }), (drawn, money) => {
      const { s, p } = aDraftOf(({ s: snapshot, p: policy }) => {
        snapshot.ticket.order = anOrder({ legs: [legOf(drawn)] });
        snapshot.ticket.price_magnifier = drawn.quotedUnits === 1 ? null : "100";
        snapshot.edge.market_now = marketOfDeal(drawn);
        snapshot.facts.effect =
          drawn.effect === null
            ? null
            : { kind: drawn.effect, position: "0", working_same_side: "0", at: snapshot.now };
        policy.order.max_notional = String(money);
        policy.data.market_slippage_bps = String(drawn.slippageBps);
      });
      const { results } = evaluatePolicy(s, policyOf(1, p));
      const passed = (name: string) =>
        results.find(({ check }) => check === name)?.outcome === "pass";
      if (!passed("order-notional")) return;
      const judged = judge(dealOf(drawn));
      expect(judged.lossUpToDouble).toBeLessThanOrEqual(money * (1 + 1e-9));
      // What has no end passes by name alone: the rules of options, or the permission to be short.
      if (judged.endless) {
        expect(passed(drawn.kind === "call" ? "option-rules" : "short-allowed")).toBe(false);
      }
    }),
    { numRuns: 1_000 },
  );
});
