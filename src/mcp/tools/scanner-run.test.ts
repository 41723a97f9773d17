import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { scannerRun } from "./scanner-run.ts";

describe("ibkr_scanner_run", () => {
  it("takes codes, and filters as pairs", () => {
    expect(
      asks(scannerRun, {
        scan: "TOP_PERC_GAIN",
        filters: [{ code: "priceAbove", value: "5" }],
        limit: "10",
      }),
    ).toEqual({
      scan: "TOP_PERC_GAIN",
      instrument: "STK",
      location: "STK.US.MAJOR",
      filters: [{ code: "priceAbove", value: "5" }],
      limit: 10,
    });
  });

  it("refuses what is no code, and more than fifty rows", () => {
    refusal(scannerRun, {});
    refusal(scannerRun, { scan: "TOP PERC GAIN" });
    refusal(scannerRun, { scan: "X", limit: 51 });
    refusal(scannerRun, { scan: "X", filters: [{ code: "a", value: "1", and: "2" }] });
  });
});
