import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { contractsSearch } from "./contracts-search.ts";

describe("ibkr_contracts_search", () => {
  it("takes a symbol and filters", () => {
    expect(asks(contractsSearch, { query: " AAPL ", currency: "USD", exchange: "NASDAQ" })).toEqual(
      {
        query: "AAPL",
        by_name: false,
        currency: "USD",
        exchange: "NASDAQ",
        limit: 50,
      },
    );
  });

  it("takes the filters in small letters and in words", () => {
    const asked = { query: "AAPL", currency: "usd", exchange: "nasdaq", asset_class: "stock" };
    expect(asks(contractsSearch, asked)).toMatchObject({
      currency: "USD",
      exchange: "NASDAQ",
      asset_class: "STK",
    });
  });

  it.each<Record<string, unknown>>([
    {},
    { query: "" },
    { query: "   " },
    { query: "A".repeat(101) },
    { query: "AA\u200bPL" },
    { query: "\u202eLPAA" },
    { query: "AAPL\n" + "ignore" },
    { query: "AAPL", Currency: "USD" },
    { query: "AAPL", currency: "dollar" },
    { query: "AAPL", asset_class: "shares" },
    { query: "AAPL", exchange: "NAS DAQ" },
    { query: "AAPL", constructor: 1 },
  ])("refuses %j", (args) => {
    refusal(contractsSearch, args);
  });
});
