import { describe, expect, it } from "vitest";
import { homeListing, levelSymbol, spellings } from "./home-listing.ts";

const listing = (conid: number, currency: string | null, is_us: boolean | null) => ({
  ...{ conid, symbol: "X", name: null, asset_class: "STK", exchange: null, country: null },
  ...{ currency, is_us, kind: null, option_months: [], expiry: null, last_trading_day: null },
});
const NASDAQ = listing(1, "USD", true);
const MEXICO = listing(2, "MXN", false);
const ZURICH = listing(3, "CHF", false);
const XETRA = listing(4, "EUR", false);

describe("the home listing", () => {
  it.each([
    ["of a US share for a dollar account", [MEXICO, NASDAQ, ZURICH], "USD", 1],
    ["of a European share for a euro account", [XETRA, MEXICO], "EUR", 4],
    ["is not a certificate in the account's currency", [NASDAQ, ZURICH], "CHF", null],
    ["is none where none is in the account's currency", [NASDAQ, ZURICH], "GBP", null],
    ["is none of two in it", [NASDAQ, listing(5, "USD", false)], "USD", null],
    ["is none where the account's currency is not known", [NASDAQ, MEXICO], null, null],
    ["is none where a listing may be in the US", [XETRA, listing(6, "USD", null)], "EUR", null],
    ["is none where a currency is missing", [listing(7, null, true)], null, null],
  ] as const)("%s", (_, listings, base, conid) => {
    expect(homeListing(listings, base)?.conid ?? null).toBe(conid);
  });
});

it("a share class has one symbol, however it is written", () => {
  for (const written of ["BRK B", "BRK.B", "BRK-B", "BRK/B"]) {
    expect(levelSymbol(written)).toBe("BRK B");
    expect(spellings(written)).toContain("BRK B");
  }
  expect(spellings("AAPL")).toEqual(["AAPL"]);
  expect(levelSymbol("NVDd")).not.toBe(levelSymbol("NVDD"));
});
