import { Decimal } from "decimal.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createClock } from "../clock.ts";
import { settingsFrom } from "../options.ts";
import { createSimulator } from "../simulator.ts";
import { bookFill, commissionOf } from "./settlement.ts";

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
        bookFill(sim, account, instrument, side, new Decimal(size), price, commission);
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

interface Trade {
  conid: number;
  side: "BUY" | "SELL";
  size: number;
  price: number;
}

/** What a few trades do to the dollars and euros of a fresh account, and what they realise. */
function after(...trades: Trade[]): { usd: string; eur: string; realized: string | undefined } {
  const sim = createSimulator(
    settingsFrom({}),
    createClock("virtual", Date.UTC(2026, 3, 1, 14, 30)),
  );
  const account = sim.world.accounts.get("DU4815162");
  if (account === undefined) throw new Error("no account");
  account.cash.set("USD", new Decimal(0)).set("EUR", new Decimal(0));
  for (const { conid, side, size, price } of trades) {
    const instrument = sim.market.find(conid);
    if (instrument === undefined) throw new Error(`no contract ${conid}`);
    bookFill(sim, account, instrument, side, new Decimal(size), new Decimal(price), new Decimal(0));
  }
  return {
    usd: String(account.cash.get("USD")),
    eur: String(account.cash.get("EUR")),
    realized: account.positions.get(trades[0]?.conid ?? 0)?.realized.toString(),
  };
}

it("a future moves cash by its profit alone, times its multiplier", () => {
  const { market } = createSimulator(
    settingsFrom({}),
    createClock("virtual", Date.UTC(2026, 3, 1, 14, 30)),
  );
  const conid = market.futures("ES")[0]?.conid ?? 0;
  const bought = { conid, side: "BUY" as const, size: 2, price: 6_800 };
  expect(after(bought)).toMatchObject({ usd: "0", realized: "0" });
  expect(after(bought, { ...bought, side: "SELL", price: 6_810 })).toMatchObject({
    usd: "1000",
    realized: "1000",
  });
});

it("an option is paid for in full, a hundred shares each", () => {
  const sim = createSimulator(
    settingsFrom({}),
    createClock("virtual", Date.UTC(2026, 3, 1, 14, 30)),
  );
  const underlying = sim.market.find(265598);
  const conid = (underlying && sim.market.options(underlying)[0]?.conid) ?? 0;
  expect(after({ conid, side: "BUY", size: 3, price: 2.5 })).toMatchObject({ usd: "-750" });
});

it("a currency pair moves two balances and leaves no position", () => {
  expect(after({ conid: 12087792, side: "BUY", size: 1_000, price: 1.15 })).toEqual({
    usd: "-1150",
    eur: "1000",
    realized: undefined,
  });
});

it("a sale through zero realises the long side and opens the short one at its own price", () => {
  const buy = { conid: SHARE, side: "BUY" as const, size: 75, price: 300 };
  // 25 are held at 241.118 from the start: 100 at 285.2795.
  expect(after(buy, { ...buy, side: "SELL", size: 150, price: 290 }).realized).toBe("472.05");
});
