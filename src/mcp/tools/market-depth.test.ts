import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { marketDepth } from "./market-depth.ts";

describe("ibkr_market_depth", () => {
  it("takes a conid written as a number or as text", () => {
    expect(asks(marketDepth, { conid: 265598 })).toMatchObject({ conid: 265598 });
    expect(asks(marketDepth, { conid: "265598" })).toMatchObject({ conid: 265598 });
    for (const conid of [0, -1, "AAPL", "26559.8", undefined]) refusal(marketDepth, { conid });
  });

  it("bounds the levels", () => {
    expect(asks(marketDepth, { conid: 1, levels: "5" })).toMatchObject({ levels: 5 });
    for (const levels of [0, 21, 2.5]) refusal(marketDepth, { conid: 1, levels });
  });
});
