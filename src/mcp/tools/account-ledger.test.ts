import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { accountLedger } from "./account-ledger.ts";

describe("ibkr_account_ledger", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(accountLedger, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(accountLedger, {})).not.toHaveProperty("account_id");
    refusal(accountLedger, { account_id: "everything" });
  });
});
