import { describe, expect, it } from "vitest";
import { asks, orderRefusal } from "../../../test/support/tool-input.ts";
import { liveOrderModify } from "./live-order-modify.ts";

describe("ibkr_live_order_modify", () => {
  const said = {
    account_id: "DU1234567",
    order_id: "1370093239",
    limit_price: "187.25",
    idempotency_key: "change-0001",
  };

  it("asks for a change, with or without the approval", () => {
    expect(asks(liveOrderModify, said)).toEqual({ ...said, mode: "live" });
    const approved = { ...said, approval_id: "ap_1" };
    expect(asks(liveOrderModify, approved)).toEqual({ ...approved, mode: "live" });
    expect(liveOrderModify.scope).toBe("ibkr:orders:live:modify");
  });

  it("names the field and the rule of what is wrong", () => {
    const { message } = orderRefusal(liveOrderModify, { ...said, limit_price: "1e2" });
    expect(message).toContain("limit_price");
    orderRefusal(liveOrderModify, { ...said, order_id: "-1" });
    orderRefusal(liveOrderModify, { ...said, side: "SELL" });
  });
});
