import { describe, expect, it } from "vitest";
import { START_MS } from "../../../../test/support/intent-record.ts";
import { aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { DEFAULT_CAPS } from "../../trust/caps.ts";
import { orderValue } from "./order-value.ts";

const seen = (over: Partial<Parameters<typeof orderValue>[1]> = {}) => ({
  market: aTicket().market,
  effect: { kind: "entry", position: "0", working_same_side: "0", at: NOW } as const,
  rates: { rates: new Map([["USD", "1"]]), at: NOW },
  base: "USD",
  caps: { ok: true, caps: DEFAULT_CAPS } as const,
  nowMs: START_MS,
  ...over,
});
const value = (order = anOrder(), over: Parameters<typeof seen>[0] = {}) =>
  orderValue(aTicket(order), seen(over));

describe("the size of an order by this PC's own reads", () => {
  it("is in base currency, by the rate that was read", () => {
    const order = anOrder({ legs: [aLeg({ quantity: "2" })] });
    expect(value(order)).toEqual({ notional: "374.5", missing: null, units: "2", rate: "1" });
    const rates = { rates: new Map([["USD", "0.5"]]), at: NOW };
    expect(value(order, { rates, base: "EUR" })).toMatchObject({ notional: "187.25", rate: "0.5" });
  });

  it("is unknown without a rate, and says what is missing: never zero", () => {
    const unknown = value(anOrder(), { rates: null, base: "EUR" });
    expect(unknown).toMatchObject({ notional: null, rate: null, units: "1" });
    expect(unknown.missing).not.toBeNull();
    const other = { rates: new Map([["CHF", "1"]]), at: NOW };
    expect(value(anOrder(), { rates: other, base: "EUR" }).notional).toBeNull();
  });

  it("of an order without a price is unknown without a market, and above the market with one", () => {
    const order = anOrder({ legs: [aLeg({ order_type: "MKT", limit_price: null })] });
    expect(value(order, { market: null }).notional).toBeNull();
    expect(Number(value(order).notional)).toBeGreaterThan(187.3);
    const wide = { ...DEFAULT_CAPS, max_price_drift_bps: "1000" };
    expect(Number(value(order, { caps: { ok: true, caps: wide } }).notional)).toBeGreaterThan(
      Number(value(order).notional),
    );
  });

  it("of an amount of money is what it buys at most", () => {
    const order = anOrder({ legs: [aLeg({ quantity: null, cash_quantity: "1000" })] });
    expect(Number(value(order).units)).toBeGreaterThanOrEqual(1000 / 187.25);
    expect(value(order, { market: null }).units).toBeNull();
  });
});
