import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { portfolioSnapshot } from "./portfolio-snapshot.ts";

describe("ibkr_portfolio_snapshot", () => {
  it("shows twenty positions unless told otherwise, and reads numbers written as text", () => {
    expect(asks(portfolioSnapshot, {})).toEqual({ top: 20 });
    expect(asks(portfolioSnapshot, { top: null })).toEqual({ top: 20 });
    expect(asks(portfolioSnapshot, { top: 5 })).toEqual({ top: 5 });
    expect(asks(portfolioSnapshot, { top: "5" })).toEqual({ top: 5 });
  });

  it.each([0, -1, 101, 1.5, "1.5", "1e1", "٥", " 5", "", true])("refuses top %j", (top) => {
    refusal(portfolioSnapshot, { top });
  });
});
