import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { marketHolidays } from "./market-holidays.ts";

describe("ibkr_market_holidays", () => {
  it("takes a conid written as a number or as text", () => {
    expect(asks(marketHolidays, { conid: 265598 })).toMatchObject({ conid: 265598 });
    expect(asks(marketHolidays, { conid: "265598" })).toMatchObject({ conid: 265598 });
    for (const conid of [0, -1, "AAPL", "26559.8", undefined]) refusal(marketHolidays, { conid });
  });
});
