import { expect, it } from "vitest";
import { futureByConid, listFutures, PRODUCTS } from "./futures.ts";

const YEARS = [2026, 2031, 2036, 2038, 2047, 2070];

it("finds each listed future again from its id alone, whatever the year", () => {
  const seen = new Map<number, string>();
  for (const year of YEARS) {
    for (const { symbol } of PRODUCTS) {
      const listed = listFutures(symbol, Date.UTC(year, 2, 1));
      expect(listed.length).toBeGreaterThan(3);
      for (const future of listed) {
        expect(futureByConid(future.conid)).toEqual(future);
        expect(future).toMatchObject({ tradingClass: symbol });
        const terms = `${symbol} ${future.expiry}`;
        expect(seen.get(future.conid) ?? terms).toBe(terms);
        seen.set(future.conid, terms);
      }
    }
  }
});
