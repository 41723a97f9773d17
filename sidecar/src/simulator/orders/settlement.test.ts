import { Decimal } from "decimal.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createClock } from "../clock.ts";
import { settingsFrom } from "../options.ts";
import { createSimulator } from "../simulator.ts";
import { commissionOf, settle } from "./settlement.ts";

const SHARE = 265598;
const FILL = fc.record({
  side: fc.constantFrom("BUY" as const, "SELL" as const),
  size: fc.integer({ min: 1, max: 500 }),
  cents: fc.integer({ min: 100, max: 50_000 }),
});

it("no sequence of fills makes or loses a cent: cash, cost and profit always add up (seed 8151)", () => {
  fc.assert(
    fc.property(fc.array(FILL, { minLength: 1, maxLength: 30 }), (fills) => {
      const sim = createSimulator(settingsFrom({}), createClock("virtual", 0));
      const account = sim.world.accounts.get("DU4815162");
      const instrument = sim.market.find(SHARE);
      if (account === undefined || instrument === undefined) throw new Error("no account");
      account.positions.delete(SHARE);
      const cashBefore = account.cash.get("USD") ?? new Decimal(0);
      let paid = new Decimal(0);
      let commissions = new Decimal(0);
      let quantity = new Decimal(0);
      for (const { side, size, cents } of fills) {
        const price = new Decimal(cents).div(100);
        const commission = commissionOf(instrument, new Decimal(size), price);
        settle(sim, account, instrument, side, new Decimal(size), price, commission);
        const signed = side === "BUY" ? size : -size;
        quantity = quantity.plus(signed);
        paid = paid.plus(price.mul(signed));
        commissions = commissions.plus(commission);
      }
      const position = account.positions.get(SHARE);
      const cash = account.cash.get("USD") ?? new Decimal(0);
      expect(cash.eq(cashBefore.minus(paid).minus(commissions))).toBe(true);
      expect(position?.quantity.eq(quantity)).toBe(true);
      // Marked at the average price there is nothing unrealised: cash and cost explain the profit.
      const cost = (position?.quantity ?? new Decimal(0)).mul(position?.averagePrice ?? 0);
      const profit = cost.minus(paid);
      expect(
        profit
          .minus(position?.realized ?? 0)
          .abs()
          .lt("0.0000001"),
      ).toBe(true);
      const booked = account.realized.get("USD") ?? new Decimal(0);
      expect(booked.minus(profit.minus(commissions)).abs().lt("0.0000001")).toBe(true);
    }),
    { seed: 8151 },
  );
});
