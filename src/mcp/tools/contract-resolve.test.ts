import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { contractResolve } from "./contract-resolve.ts";

describe("ibkr_contract_resolve", () => {
  it("takes one symbol, as a person may write it", () => {
    expect(asks(contractResolve, { symbol: " brk b " })).toEqual({ symbol: "BRK B" });
    expect(asks(contractResolve, { symbol: "SAP", exchange: "IBIS", currency: "EUR" })).toEqual({
      symbol: "SAP",
      exchange: "IBIS",
      currency: "EUR",
    });
  });

  it("does not take letters that only look right", () => {
    for (const symbol of ["", "ΑAPL", "AA\u200bPL", "\u202eLPAA", "AAPL;DROP", "A".repeat(31)]) {
      refusal(contractResolve, { symbol });
    }
  });
});
