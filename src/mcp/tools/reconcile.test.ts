import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { reconcile } from "./reconcile.ts";

describe("ibkr_reconcile", () => {
  it("takes one account", () => {
    expect(asks(reconcile, { account_id: "DU1234567" })).toEqual({ account_id: "DU1234567" });
    refusal(reconcile, { account_id: "all" });
  });
});
