import { describe, expect, it } from "vitest";
import { asks, orderRefusal } from "../../../test/support/tool-input.ts";
import { paperOrderModify } from "./paper-order-modify.ts";

describe("ibkr_paper_order_modify", () => {
  const said = {
    account_id: "DU1234567",
    order_id: "1370093239",
    limit_price: "187.25",
    idempotency_key: "change-0001",
  };

  it("asks for a change, with or without the approval", () => {
    expect(asks(paperOrderModify, said)).toEqual({ ...said, mode: "paper" });
    const approved = { ...said, approval_id: "ap_1" };
    expect(asks(paperOrderModify, approved)).toEqual({ ...approved, mode: "paper" });
    expect(paperOrderModify.scope).toBe("ibkr:orders:paper:modify");
  });

  it("names the field and the rule of what is wrong", () => {
    const { message } = orderRefusal(paperOrderModify, { ...said, limit_price: "1e2" });
    expect(message).toContain("limit_price");
    orderRefusal(paperOrderModify, { ...said, order_id: "-1" });
    orderRefusal(paperOrderModify, { ...said, side: "SELL" });
  });
});
