import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { marketSession } from "./market-session.ts";

describe("ibkr_market_session", () => {
  it("takes a conid written as a number or as text", () => {
    expect(asks(marketSession, { conid: 265598 })).toMatchObject({ conid: 265598 });
    expect(asks(marketSession, { conid: "265598" })).toMatchObject({ conid: 265598 });
    for (const conid of [0, -1, "AAPL", "26559.8", undefined]) refusal(marketSession, { conid });
  });
});
