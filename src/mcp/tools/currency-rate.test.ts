import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { currencyRate } from "./currency-rate.ts";

describe("ibkr_currency_rate", () => {
  it("takes two currency codes", () => {
    expect(asks(currencyRate, { base: "EUR", quote: "USD" })).toEqual({
      base: "EUR",
      quote: "USD",
    });
    refusal(currencyRate, { base: "EUR" });
    refusal(currencyRate, { base: "EURO", quote: "USD" });
    expect(asks(currencyRate, { base: "eur", quote: "Usd" })).toEqual({
      base: "EUR",
      quote: "USD",
    });
  });
});
