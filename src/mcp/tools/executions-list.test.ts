import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { executionsList } from "./executions-list.ts";

describe("ibkr_executions_list", () => {
  it("takes an account, or none when there is only one", () => {
    expect(asks(executionsList, { account_id: "DU1234567" })).toMatchObject({
      account_id: "DU1234567",
    });
    expect(asks(executionsList, {})).not.toHaveProperty("account_id");
    refusal(executionsList, { account_id: "everything" });
  });

  it("reaches seven days back and no further", () => {
    expect(asks(executionsList, { days: "7" })).toMatchObject({ days: 7 });
    refusal(executionsList, { days: 8 });
    refusal(executionsList, { days: 0 });
  });

  it("is paged by cursor, never by an offset of the caller's choice", () => {
    refusal(executionsList, { ...{}, offset: 10 });
    refusal(executionsList, { ...{}, limit: 201 });
    const prepared = executionsList.prepare({ ...{}, limit: "20", cursor: "opaque" });
    if (!prepared.ok) throw new Error(prepared.failure.message);
    expect(executionsList.at(prepared.call, 40)).toMatchObject({ limit: 20, offset: 40 });
  });
});
