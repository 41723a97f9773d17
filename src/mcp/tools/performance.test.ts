import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { performance } from "./performance.ts";

describe("ibkr_performance", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(performance, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(performance, {})).not.toHaveProperty("account_id");
    refusal(performance, { account_id: "everything" });
  });

  it("knows the broker's periods only", () => {
    expect(asks(performance, {})).toMatchObject({ period: "1M" });
    expect(asks(performance, { period: "YTD" })).toMatchObject({ period: "YTD" });
    refusal(performance, { period: "2Y" });
  });
});
