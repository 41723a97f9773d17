import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blackScholes } from "./black-scholes.ts";
import { createMarket } from "./market.ts";
import { hoursOf } from "./venue-hours.ts";

const NOW = Date.UTC(2026, 3, 1, 14, 30);
const market = createMarket(1, () => NOW, hoursOf("exchange"));

function instrument(conid: number) {
  const found = market.find(conid);
  if (found === undefined) throw new Error(`no instrument ${conid}`);
  return found;
}

describe("the option chain", () => {
  it.each([2026, 2031, 2038, 2045, 2070])(
    "finds each listed option again from its id alone in %i",
    (year) => {
      const market = createMarket(1, () => Date.UTC(year, 3, 1, 14, 30), hoursOf("exchange"));
      for (const underlying of [416904, 756733, 265598]) {
        const chain = market.options(instrument(underlying));
        expect(Math.max(...chain.map(({ conid }) => conid))).toBeLessThan(2 ** 31);
        expect(chain.length).toBeGreaterThan(300);
        for (const option of chain) expect(market.find(option.conid)).toEqual(option);
        expect(new Set(chain.map(({ conid }) => conid)).size).toBe(chain.length);
        const terms = chain.map((one) =>
          [one.tradingClass, one.expiry, one.strike, one.right].join(),
        );
        expect(new Set(terms).size).toBe(chain.length);
      }
    },
  );

  it("lists SPX in two classes that end on the same day, with strikes that only one of them has", () => {
    const day = market.options(instrument(416904)).filter(({ expiry }) => expiry === "20260417");
    const strikes = (name: string): Set<number | null> =>
      new Set(day.filter(({ tradingClass }) => tradingClass === name).map(({ strike }) => strike));
    const monthly = strikes("SPX");
    const weekly = strikes("SPXW");
    expect(monthly.size).toBeGreaterThan(10);
    expect([...weekly].some((strike) => !monthly.has(strike))).toBe(true);
    expect([...monthly].some((strike) => !weekly.has(strike))).toBe(true);
  });

  it("takes no id twice over the years", () => {
    const years = [2026, 2030, 2031, 2036, 2041].flatMap((year) =>
      createMarket(1, () => Date.UTC(year, 3, 1, 14, 30), hoursOf("exchange"))
        .options(instrument(265598))
        .map(({ conid }) => conid),
    );
    expect(new Set(years).size).toBe(years.length);
  });

  it("does not know ids between its own, and knows an expired one as expired", () => {
    expect(market.find(700_000_001 + 2 ** 21 * 900)).toBeUndefined();
    const future = createMarket(1, () => NOW + 400 * 86_400_000, hoursOf("exchange"));
    const option = market.options(instrument(756733))[0];
    if (option === undefined) throw new Error("no option");
    expect(market.expired(option)).toBe(false);
    expect(future.expired(future.find(option.conid) ?? option)).toBe(true);
  });

  it("prices calls and puts in parity (seed 20260401)", () => {
    const spot = fc.double({ min: 1, max: 10_000, noNaN: true });
    const ratio = fc.double({ min: 0.5, max: 2, noNaN: true });
    const years = fc.double({ min: 0.003, max: 3, noNaN: true });
    const volatility = fc.double({ min: 0.05, max: 1.5, noNaN: true });
    fc.assert(
      fc.property(spot, ratio, years, volatility, (s, r, t, v) => {
        const strike = s * r;
        const call = blackScholes("C", s, strike, t, v);
        const put = blackScholes("P", s, strike, t, v);
        const parity = call.price - put.price - (s - strike * Math.exp(-0.036 * t));
        expect(Math.abs(parity) / s).toBeLessThan(1e-5);
        expect(call.delta - put.delta).toBeCloseTo(1, 9);
      }),
      { seed: 20260401 },
    );
  });
});
