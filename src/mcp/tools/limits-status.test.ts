import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { limitsStatus } from "./limits-status.ts";

describe("ibkr_limits_status", () => {
  it("takes one account, or none when there is only one", () => {
    expect(asks(limitsStatus, { account_id: "DU1234567" })).toEqual({ account_id: "DU1234567" });
    expect(asks(limitsStatus, {})).toEqual({});
    refusal(limitsStatus, { account_id: "all" });
  });
});
