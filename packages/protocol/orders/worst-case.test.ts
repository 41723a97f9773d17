import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aBracket, aLeg, anOrder, anyLeg, aTicket } from "../../../test/support/orders.ts";
import type { Leg } from "./canonical-order.ts";
import { Decimal, dec } from "./decimal.ts";
import { orderNotional, worstNotional, worstPrice } from "./worst-case.ts";

const market = aTicket().market;
const slip = (bps: number) => ({ market, slippageBps: new Decimal(bps) });
const price = (over: Partial<Leg>, bps = 100) => worstPrice(aLeg(over), slip(bps))?.toString();

describe("the worst price", () => {
  it.each<[string, Partial<Leg>, string]>([
    ["a buyer's limit is a bound", { limit_price: "150" }, "150"],
    ["a seller's limit is a floor", { side: "SELL", limit_price: "150" }, "187.2"],
    ["a market order slips from the touch", { order_type: "MKT", limit_price: null }, "189.173"],
    [
      "a stop slips from its trigger",
      { order_type: "STP", limit_price: null, stop_price: "200" },
      "202",
    ],
    [
      "a stop-limit buyer pays the limit at most",
      { order_type: "STOP_LIMIT", limit_price: "201", stop_price: "200" },
      "201",
    ],
    [
      "a trailing buyer pays the market plus its offset, slipped",
      { order_type: "TRAIL", limit_price: null, trailing: { unit: "amount", offset: "12.7" } },
      "202",
    ],
    [
      "a trailing percentage is of the market",
      { order_type: "TRAIL", limit_price: null, trailing: { unit: "percent", offset: "10" } },
      "208.0903",
    ],
    ["a capped midprice pays its cap", { order_type: "MIDPRICE", limit_price: "188" }, "188"],
  ])("%s", (_name, over, expected) => {
    expect(price(over)).toBe(expected);
  });

  it("is unknown, and not zero, without a market to speak of", () => {
    for (const order_type of ["MKT", "MIDPRICE", "TRAIL"] as const) {
      const leg = aLeg({
        order_type,
        limit_price: null,
        trailing: order_type === "TRAIL" ? { unit: "amount", offset: "1" } : null,
      });
      expect(worstPrice(leg, { market: null, slippageBps: new Decimal(0) })).toBeNull();
    }
  });

  it("never falls when the allowed slippage rises, and never undercuts a buyer's limit", () => {
    fc.assert(
      fc.property(anyLeg, fc.nat(5_000), fc.nat(5_000), (leg, a, b) => {
        const low = worstPrice(leg, slip(Math.min(a, b)));
        const high = worstPrice(leg, slip(Math.max(a, b)));
        expect(low === null || high === null ? low : high.greaterThanOrEqualTo(low)).not.toBe(
          false,
        );
        if (leg.limit_price !== null && leg.order_type !== "MIDPRICE") {
          expect(low?.greaterThanOrEqualTo(dec(leg.limit_price))).toBe(true);
        }
      }),
    );
  });
});

describe("the worst notional", () => {
  it("multiplies by the contract and takes a cash quantity as it is", () => {
    const option = aLeg({
      quantity: "3",
      limit_price: "2.5",
      contract: { ...aLeg().contract, asset_class: "OPT", multiplier: "100" },
    });
    expect(worstNotional(option, slip(0))?.toString()).toBe("750");
    const cash = aLeg({
      quantity: null,
      cash_quantity: "99.5",
      order_type: "MKT",
      limit_price: null,
    });
    expect(worstNotional(cash, slip(0))?.toString()).toBe("99.5");
  });

  it("of a bracket is its entry, of a group the sum", () => {
    expect(orderNotional(aBracket(), slip(0))?.toString()).toBe("1872.5");
    const group = anOrder({
      structure: "oca",
      legs: [
        aLeg({ role: "oca_member" }),
        aLeg({ role: "oca_member", limit_price: "100", quantity: "2" }),
      ],
    });
    expect(orderNotional(group, slip(0))?.toString()).toBe("387.25");
  });
});
