import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { portfolioAllocation } from "./portfolio-allocation.ts";

describe("ibkr_portfolio_allocation", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(portfolioAllocation, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(portfolioAllocation, {})).not.toHaveProperty("account_id");
    refusal(portfolioAllocation, { account_id: "everything" });
  });
});
