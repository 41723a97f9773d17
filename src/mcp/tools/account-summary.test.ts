import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { accountSummary } from "./account-summary.ts";

describe("ibkr_account_summary", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(accountSummary, { account_id: "U1234567" })).toEqual({ account_id: "U1234567" });
    expect(asks(accountSummary, {})).toEqual({});
    expect(asks(accountSummary, { account_id: null })).toEqual({});
    expect(asks(accountSummary, { account_id: "u1234567" })).toEqual({ account_id: "U1234567" });
  });

  it.each(["", "1234567", "U1234567/../x", "U1234567 ", 1234567, ["U1234567"]])(
    "refuses %j as an account",
    (account_id) => {
      refusal(accountSummary, { account_id });
    },
  );
});
