import { mandateFaults } from "@ibkr-edge-gateway/protocol/approval/mandate-faults.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderValue } from "../../sidecar/src/orders/submit/order-value.ts";
import { capFaults } from "../../sidecar/src/trust/limits/cap-faults.ts";
import { type CapsFile, DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { driftFaults } from "../../sidecar/src/trust/verify/drift-faults.ts";
import { AAPL, aNamedMandate, aTicket, NOW } from "../support/orders.ts";
import { position } from "../support/policy-cases/tweaks.ts";
import { compare, type Fraction, fraction, plus } from "./fraction.ts";
import { mostUnits, type Scene, worstInBase } from "./oracle.ts";
import { anyMarket, anyOrder } from "./orders.ts";
import { runs, SEED } from "./seed.ts";
import { unitOf } from "./unit.ts";

/** No cap and no mandate of a PC lets out more risk than it says, by the payoff tables. */
const anySeen = fc.record({
  order: anyOrder,
  // A PC asks for the market of the order's own contract.
  market: anyMarket.map((quote) => quote && { ...quote, conid: AAPL.conid }),
  magnifier: fc.constantFrom("1", "100", null, undefined),
  base: fc.constantFrom("USD", "EUR"),
  rate: fc.option(fc.constantFrom("0.92", "1.274518", "0.0066"), { nil: null, freq: 9 }),
  rateAgeSeconds: fc.constantFrom(0, 3_599, 3_601, -3_601),
  driftBps: fc.constantFrom("0", "100", "250"),
  held: fc.constantFrom("0", "0", "3", "400", "-2", "-400"),
  max: fc.constantFrom("0.5", "100", "18725", "250000", "5000000", "900000000"),
  maxUnits: fc.constantFrom("0.5", "10", "100", "999999999"),
  used: fc.option(fc.constantFrom("0", "10.01", "40000"), { nil: null, freq: 9 }),
  uncoveredCalls: fc.boolean(),
  shortSales: fc.boolean(),
});
type Seen = typeof anySeen extends fc.Arbitrary<infer T> ? T : never;

function judge(given: Seen) {
  const { order, market, base } = given;
  const leg = principalLeg(order);
  const nowMs = Date.parse(NOW);
  const at = new Date(nowMs - given.rateAgeSeconds * 1_000).toISOString();
  const ticket = aTicket(order, {
    market,
    base_currency: base,
    ...(given.magnifier === undefined ? {} : { price_magnifier: given.magnifier }),
  });
  const caps: CapsFile = {
    ok: true,
    caps: {
      ...DEFAULT_CAPS,
      max_price_drift_bps: given.driftBps,
      paper: {
        ...DEFAULT_CAPS.paper,
        max_notional: given.max,
        max_quantity: given.maxUnits,
        uncovered_calls: given.uncoveredCalls,
        short_sales: given.shortSales,
      },
    },
  };
  const effect = effectOf(order, [position({ quantity: given.held })], [], NOW);
  const rates = new Map(given.rate === null ? [] : [[leg.contract.currency, given.rate]]);
  const value = orderValue(ticket, { market, effect, rates: { rates, at }, base, caps, nowMs });
  const scene: Scene = {
    market,
    slippageBps: String(Math.max(100, Number(given.driftBps))),
    effect: effect?.kind ?? null,
    quotedUnits: unitOf(leg.contract, given.magnifier),
    base,
    fx: given.rate === null ? null : { rate: given.rate, at },
    maxRateAgeSeconds: 3_600,
    nowMs,
  };
  return { ticket, caps, effect, value, scene, worst: worstInBase(order, scene) };
}

function held(what: string, spent: Fraction, limit: string): void {
  if (compare(spent, fraction(limit)) > 0) {
    throw new Error(`${what} let out ${Number(spent.n) / Number(spent.d)} under ${limit}`);
  }
}

describe("no cap of a PC and no mandate lets out more risk than it says", () => {
  it(`by one order, under its caps (seed ${SEED})`, () => {
    let letOut = 0;
    fc.assert(
      fc.property(anySeen, (given) => {
        const { order, market } = given;
        const { ticket, caps, effect, value, scene, worst } = judge(given);
        if (effect?.kind === "exit") return;
        const usage = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "0" };
        const own = { market, waits: false, effect, maxDriftBps: given.driftBps };
        const faults = [
          ...capFaults(caps, order, { ...value, effect, usage }),
          ...driftFaults(ticket, own),
        ];
        // A group in several contracts is refused as incoherent before any cap is asked.
        if (faults.length > 0 || new Set(order.legs.map((leg) => leg.contract.conid)).size > 1)
          return;
        letOut += 1;
        if (worst === "unknown" || worst.guessed) throw new Error("let out what nothing bounds");
        held("the cap on value", worst.value, given.max);
        for (const leg of order.legs) {
          const units = mostUnits(leg, scene);
          if (units === null) throw new Error("let out units that nothing bounds");
          held("the cap on units", units, given.maxUnits);
        }
        if (worst.bounded) return;
        const option = principalLeg(order).contract.asset_class === "OPT";
        expect(option ? given.uncoveredCalls : given.shortSales).toBe(true);
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
    expect(letOut).toBeGreaterThan(runs(3_000) / 20);
  });

  it(`by one order and what went before it, under a mandate (seed ${SEED})`, () => {
    let letOut = 0;
    fc.assert(
      fc.property(anySeen, anySeen, (given, { max: perDay }) => {
        const { order, market } = given;
        const { ticket, effect, value, worst } = judge(given);
        const { contract } = principalLeg(order);
        const mandate = aNamedMandate({
          asset_classes: ["STK", "OPT", "FUT"],
          sides: ["BUY", "SELL"],
          order_types: [...OrderType.options],
          max_notional_per_order: given.max,
          max_notional_per_day: perDay,
          max_quantity_per_order: given.maxUnits,
          currencies: [contract.currency],
          short_sales: given.shortSales,
          max_price_beyond_percent: "900",
          latest_expiry: "20271231",
        });
        const own = { market, waits: false, effect, maxDriftBps: given.driftBps };
        const faults = [
          ...mandateFaults(
            mandate,
            {
              ticket,
              notional: value.notional,
              market,
              waits: false,
              gatewayAccountId: mandate.gateway_account_id,
              clientId: "client-1",
              effect,
              acceptedWarnings: [],
            },
            { orders_today: 0, notional_today: given.used },
            NOW,
          ),
          ...driftFaults(ticket, own),
        ];
        if (faults.length > 0 || effect?.kind === "exit") return;
        letOut += 1;
        if (given.used === null || worst === "unknown" || worst.guessed) {
          throw new Error("let out what nothing bounds");
        }
        held("the mandate's order", worst.value, given.max);
        held("the mandate's day", plus(worst.value, fraction(given.used)), perDay);
        if (worst.bounded) return;
        expect(contract.asset_class).not.toBe("OPT");
        expect(given.shortSales).toBe(true);
      }),
      { numRuns: runs(3_000), seed: SEED },
    );
    expect(letOut).toBeGreaterThan(runs(3_000) / 80);
  });
});
