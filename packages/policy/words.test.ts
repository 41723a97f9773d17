import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Tweak, verdictOf } from "../../test/support/policy.ts";
import {
  both,
  leg,
  market,
  marketOrders,
  nothing,
} from "../../test/support/policy-cases/tweaks.ts";

const words = (check: string, ...tweaks: Tweak[]) =>
  verdictOf(both(...tweaks)).results.find((each) => each.check === check);

const onlyLast =
  (last: string, passive = "2000"): Tweak =>
  ({ s, p }) => {
    Object.assign(market(s), { bid: null, ask: null, last });
    p.data.collar_passive_bps = passive;
    p.data.collar_closed_bps = passive;
  };

describe("what a refusal says to people", () => {
  it("how far a limit is from the price, what is allowed, and the nearest price that would do", () => {
    expect(words("price-collar", leg({ limit_price: "179" }), onlyLast("269.93"))?.message).toBe(
      "Your limit of 179 is 34 % below the last price of 269.93. This account allows 20 %: use 215.95 to 278.02.",
    );
    const aggressive = both(leg({ limit_price: "300" }), ({ s, p }) => {
      Object.assign(market(s), { bid: "269", ask: "271" });
      p.data.collar_aggressive_bps = "300";
    });
    expect(words("price-collar", aggressive)?.message).toBe(
      "Your limit of 300 is 11 % above the market price of 270. This account allows 3 %: use 216 to 278.1.",
    );
  });

  it("a price that it names passes, whatever the market", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        fc.boolean(),
        (cents, collar, below) => {
          const price = (cents / 100).toFixed(2);
          const width: Tweak = ({ p }) => {
            p.data.collar_aggressive_bps = String(collar);
          };
          const far = (Number(price) * (below ? 0.5 : 1.5) + 0.01).toFixed(2);
          const at = (limit_price: string) =>
            words("price-collar", leg({ limit_price }), onlyLast(price, String(collar)), width);
          const refused = at(far);
          if (refused?.outcome !== "fail") return;
          const [, ...named] =
            /use (\d+(?:\.\d+)?) to (\d+(?:\.\d+)?)\./.exec(refused.message) ?? [];
          expect(named, refused.message).toHaveLength(2);
          // Below a cent's worth of room there is no such price.
          if (Number(price) * (collar / 10_000) < 0.01) return;
          for (const end of named) {
            expect(at(end), `${price} ${far} ${collar}`).toMatchObject({ outcome: "pass" });
          }
        },
      ),
      { seed: 20261130, numRuns: 400 },
    );
  });

  it("percent and never basis points, and on which side of the limit", () => {
    const spread = words("spread", nothing, ({ s, p }) => {
      Object.assign(market(s), { bid: "100", ask: "100.407" });
      p.data.max_spread_bps = "40";
    });
    expect(spread?.message).toBe(
      "The spread between bid and ask is 0.41 %, above the limit of 0.4 %.",
    );
    const slippage = words("market-slippage", marketOrders, ({ s }) => {
      Object.assign(market(s), { bid: "190", ask: "210" });
    });
    expect(slippage?.message).toContain("is 5 %, above the limit of");
  });

  it("what could not be read, and that the order is not allowed without it", () => {
    const unread = words("price-collar", ({ s }) => {
      Object.assign(market(s), { bid: null, ask: null, last: null, prior_close: null });
    });
    expect(unread?.message).toBe(
      "A price to compare the limit with could not be read. Without it the order is not allowed.",
    );
  });
});
