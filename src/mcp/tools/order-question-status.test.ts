import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { orderQuestionStatus } from "./order-question-status.ts";

describe("ibkr_order_question_status", () => {
  it("takes a reference, and no answer to the question", () => {
    const said = { account_id: "DU1234567", order_ref: "ieg1-0123456789abcdef" };
    expect(asks(orderQuestionStatus, said)).toEqual(said);
    refusal(orderQuestionStatus, { ...said, confirm: true });
  });
});
