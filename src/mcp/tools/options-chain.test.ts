import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { optionsChain } from "./options-chain.ts";

describe("ibkr_options_chain", () => {
  const asked = { underlying_conid: "265598" };

  it("looks around the money unless strikes are named", () => {
    expect(asks(optionsChain, asked)).toEqual({ underlying_conid: 265598, strikes: 10, limit: 50 });
    expect(asks(optionsChain, { ...asked, strike_from: "190", strike_to: "210.5" })).toMatchObject({
      strike_from: "190",
      strike_to: "210.5",
    });
  });

  it("refuses months, days and strikes that are none", () => {
    refusal(optionsChain, { ...asked, month: "2026-13" });
    refusal(optionsChain, { ...asked, month: "NOV26" });
    refusal(optionsChain, { ...asked, expiry: "20261120" });
    for (const strike_from of ["1e2", "01", "1,5", "NaN", ""]) {
      refusal(optionsChain, { ...asked, strike_from });
    }
    refusal(optionsChain, { ...asked, strikes: 61 });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(optionsChain, { ...asked, offset: 10 });
    refusal(optionsChain, { ...asked, limit: 201 });
    const prepared = optionsChain.prepare({ ...asked, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(optionsChain.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
