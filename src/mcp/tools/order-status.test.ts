import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { orderStatus } from "./order-status.ts";

describe("ibkr_order_status", () => {
  it("takes the broker's order id", () => {
    expect(asks(orderStatus, { order_id: "1370093239" })).toEqual({ order_id: "1370093239" });
    for (const order_id of ["", "abc", "1/2", "1370093239 ", undefined]) {
      refusal(orderStatus, { order_id });
    }
  });
});
