import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { marketSnapshot } from "./market-snapshot.ts";

describe("ibkr_market_snapshot", () => {
  it("reads conids written as numbers or as text", () => {
    expect(asks(marketSnapshot, { conids: [265598, "8314"] })).toEqual({ conids: [265598, 8314] });
  });

  it.each([
    [],
    [0],
    [-1],
    ["AAPL"],
    ["1e3"],
    [265598.5],
    [2_147_483_648],
    ["9007199254740993"],
    "265598.5",
    Array.from({ length: 101 }, (_, index) => index + 1),
  ])("refuses conids %j", (conids) => {
    refusal(marketSnapshot, { conids });
  });

  it("refuses a field that no quote has", () => {
    refusal(marketSnapshot, { conids: [265598], fields: ["last", "price_target"] });
  });
});
