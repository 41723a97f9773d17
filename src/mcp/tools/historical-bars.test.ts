import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { historicalBars } from "./historical-bars.ts";

describe("ibkr_historical_bars", () => {
  const asked = { conid: "265598", bar: "1d", period: "6m" };

  it("takes a bar, a period and the end of the window", () => {
    expect(asks(historicalBars, { ...asked, end: "2026-11-20T00:00:00Z" })).toEqual({
      conid: 265598,
      bar: "1d",
      period: "6m",
      end: "2026-11-20T00:00:00Z",
      outside_rth: false,
    });
  });

  it("refuses what the broker does not know", () => {
    refusal(historicalBars, { ...asked, bar: "7min" });
    for (const period of ["0d", "6", "six months", "1.5y", "10000d"]) {
      refusal(historicalBars, { ...asked, period });
    }
    refusal(historicalBars, { ...asked, end: "yesterday" });
    refusal(historicalBars, { ...asked, end: "2026-11-20T00:00:00+01:00" });
  });
});
