import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aLeg, anOrder, aTicket } from "../../../test/support/orders.ts";
import { Decimal } from "./decimal.ts";
import { OrderType, Side } from "./order-terms.ts";
import { midOf, quoted } from "./quote-price.ts";
import type { TicketQuote } from "./ticket.ts";
import { type RiskView, valueAtRisk } from "./value-at-risk.ts";

const { market } = aTicket();
const quote = (over: Partial<TicketQuote>): TicketQuote => {
  if (market === null) throw new Error("the fixture has a market");
  return { ...market, ...over };
};
const absent = fc.constantFrom(null, "0", "0.00", "-1", "-1.00");
const riskOf = (order: Parameters<typeof valueAtRisk>[0], market: RiskView["market"]) => {
  const risk = valueAtRisk(order, {
    market,
    slippageBps: new Decimal(500),
    effect: "entry",
    quotedUnits: new Decimal(1),
  });
  return risk.known ? risk.value : null;
};

describe("a side of the market that is not quoted", () => {
  it("is no price, however the broker writes that", () => {
    fc.assert(
      fc.property(absent, absent, (bid, ask) => {
        const seen = quote({ bid, ask });
        expect([quoted(seen, "bid"), quoted(seen, "ask"), midOf(seen)]).toEqual([null, null, null]);
      }),
    );
  });

  it("leaves the value of an order the same, for every type and side", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...OrderType.options),
        fc.constantFrom(...Side.options),
        absent,
        absent,
        fc.constantFrom("253.4", null),
        (order_type, side, bid, ask, last) => {
          const order = anOrder({
            legs: [
              aLeg({
                side,
                order_type,
                quantity: "50",
                limit_price: order_type === "LMT" || order_type === "STOP_LIMIT" ? "250" : null,
                stop_price: order_type.startsWith("ST") ? "251" : null,
                trailing: order_type.startsWith("TRAIL") ? { unit: "percent", offset: "1" } : null,
              }),
            ],
          });
          const value = (over: Partial<TicketQuote>) =>
            riskOf(order, quote({ prior_close: "252", last, ...over }));
          const seen = value({ bid, ask });
          expect(seen?.toFixed()).toBe(value({ bid: null, ask: null })?.toFixed());
          // Fifty shares of some 250 dollars are worth thousands, or it is not known.
          if (seen !== null) expect(seen.greaterThan(12_000)).toBe(true);
        },
      ),
    );
  });

  it("leaves a market order without any price of unknown value", () => {
    const order = anOrder({ legs: [aLeg({ order_type: "MKT", limit_price: null })] });
    const none = quote({ bid: "-1", ask: "-1", last: "0", prior_close: null });
    expect(riskOf(order, none)).toBeNull();
  });

  it("takes a real price below zero for what it is", () => {
    expect(quoted(quote({ last: "-37.63" }), "last")?.toFixed()).toBe("-37.63");
  });
});
