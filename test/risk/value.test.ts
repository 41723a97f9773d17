import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type BaseView, riskInBase } from "@ibkr-edge-gateway/protocol/orders/risk-in-base.ts";
import { unitsAtMost } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aLeg, anOrder, NOW } from "../support/orders.ts";
import { compare, fraction } from "./fraction.ts";
import { mostUnits, type Scene, worstInBase } from "./oracle.ts";
import { anyCase } from "./orders.ts";
import { costOf, type Deal, type Instrument } from "./payoffs.ts";
import { runs, SEED } from "./seed.ts";

/** The gateway's measure of risk against one that was written from payoff tables, without reading it. */
const viewOf = (scene: Scene): BaseView => ({
  ...scene,
  slippageBps: scene.slippageBps === null ? null : dec(scene.slippageBps),
  quotedUnits: scene.quotedUnits === null ? null : dec(scene.quotedUnits),
});

describe("the oracle, by hand", () => {
  const [share, future]: Instrument[] = [{ kind: "share" }, { kind: "future" }];
  const put: Instrument = { kind: "put", strike: fraction("500") };
  const call: Instrument = { kind: "call", strike: fraction("500") };
  it.each<[string, Instrument | undefined, Deal, string, string, boolean]>([
    ["shares bought are worth nothing in the end", share, "buys", "50", "50", true],
    ["shares sold short double", share, "sells_to_open", "50", "50", false],
    ["a future bought falls to zero", future, "buys", "4500", "4500", true],
    ["a future sold doubles", future, "sells_to_open", "4500", "4500", false],
    ["a call bought expires", call, "buys", "3.2", "3.2", true],
    ["a put bought expires", put, "buys", "3.2", "3.2", true],
    ["a put sold is exercised at its strike", put, "sells_to_open", "0.05", "500", true],
    ["a call sold has no worst price", call, "sells_to_open", "3", "503", false],
    ["what is closed changes hands", put, "closes", "3", "3", true],
  ])("%s", (_what, instrument, deal, price, value, bounded) => {
    if (instrument === undefined) throw new Error("no instrument");
    const cost = costOf(instrument, deal, fraction(price));
    expect(compare(cost.value, fraction(value))).toBe(0);
    expect(cost.bounded).toBe(bounded);
  });

  it("brings pence to pounds and pounds to dollars", () => {
    const leg = aLeg({ quantity: "1000", limit_price: "72.5" });
    const order = anOrder({ legs: [{ ...leg, contract: { ...leg.contract, currency: "GBP" } }] });
    const said = worstInBase(order, {
      market: null,
      slippageBps: null,
      effect: "entry",
      quotedUnits: "100",
      base: "USD",
      fx: { rate: "1.25", at: NOW },
      maxRateAgeSeconds: 60,
      nowMs: Date.parse(NOW),
    });
    if (said === "unknown") throw new Error("not known");
    expect(compare(said.value, fraction("906.25"))).toBe(0);
  });
});

describe("the value at risk and the oracle's", () => {
  it(`are one figure, or both not known, whatever the order and the market (seed ${SEED})`, () => {
    let equal = 0;
    fc.assert(
      fc.property(anyCase, ({ order, scene }) => {
        const said = riskInBase(order, viewOf(scene));
        const worst = worstInBase(order, scene);
        const figure = said.known ? said.value.toFixed() : said.missing;
        const ours = worst === "unknown" ? worst : Number(worst.value.n) / Number(worst.value.d);
        const same =
          worst === "unknown"
            ? !said.known
            : said.known && compare(fraction(figure), worst.value) === 0;
        if (!same) throw new Error(`the gateway says ${figure}, the payoff tables say ${ours}`);
        if (said.known) equal += 1;
      }),
      { numRuns: runs(20_000), seed: SEED },
    );
    // Else most cases are unknown, and prove nothing.
    expect(equal).toBeGreaterThan(runs(20_000) / 3);
  });

  it(`name a call that is sold to open, and nothing else, as without a bound (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, ({ order, scene }) => {
        const said = riskInBase(order, viewOf(scene));
        const worst = worstInBase(order, scene);
        if (worst === "unknown" || order.action !== "place") return;
        const option = order.legs[0]?.contract.asset_class === "OPT";
        expect(said.uncoveredCall).toBe(option && !worst.bounded);
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
  });

  it(`count as many units, of an amount of money at the lowest price (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, ({ order, scene }) => {
        for (const leg of order.legs) {
          const said = unitsAtMost(leg, viewOf(scene));
          const most = mostUnits(leg, scene);
          if (said === null || most === null) {
            expect(said === null).toBe(most === null);
            continue;
          }
          // A quotient without end is cut off after sixty digits.
          const near = fraction(said.times("1.00000000000000000000000000000001").toFixed());
          expect(compare(near, most)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
  });
});
