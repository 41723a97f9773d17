import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { accountMetadata } from "./account-metadata.ts";

describe("ibkr_account_metadata", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(accountMetadata, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(accountMetadata, {})).not.toHaveProperty("account_id");
    refusal(accountMetadata, { account_id: "everything" });
  });
});
