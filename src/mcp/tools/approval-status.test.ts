import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { approvalStatus } from "./approval-status.ts";

describe("ibkr_approval_status", () => {
  it("takes one approval of one account", () => {
    const said = { account_id: "DU1234567", approval_id: "ap_1" };
    expect(asks(approvalStatus, said)).toEqual(said);
    for (const approval_id of ["", "a/b", "a b", undefined]) {
      refusal(approvalStatus, { ...said, approval_id });
    }
  });
});
