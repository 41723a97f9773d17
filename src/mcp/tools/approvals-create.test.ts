import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { approvalsCreate } from "./approvals-create.ts";

describe("ibkr_approvals_create", () => {
  const said = { account_id: "DU1234567", preview_id: "pv_1" };

  it("asks the owner, and can say for how long", () => {
    expect(asks(approvalsCreate, said)).toEqual(said);
    expect(asks(approvalsCreate, { ...said, ttl_seconds: 120 })).toEqual({
      ...said,
      ttl_seconds: 120,
    });
  });

  it("cannot say that the owner agrees", () => {
    for (const more of [{ approved: true }, { ttl_seconds: 59 }, { ttl_seconds: 3_601 }]) {
      refusal(approvalsCreate, { ...said, ...more });
    }
  });
});
