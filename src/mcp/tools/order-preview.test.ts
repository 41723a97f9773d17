import { describe, expect, it } from "vitest";
import { asks, orderRefusal } from "../../../test/support/tool-input.ts";
import { orderPreview } from "./order-preview.ts";

describe("ibkr_order_preview", () => {
  const said = {
    account_id: "DU1234567",
    conid: 265598,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "187.25",
  };

  it("asks for one order, with what was not said filled in", () => {
    expect(asks(orderPreview, said)).toEqual({
      ...said,
      time_in_force: "DAY",
      outside_rth: false,
      reduce_only: false,
    });
  });

  it("names the code, the field and the rule of what is wrong", () => {
    for (const [over, code, field] of [
      [{ quantity: "-1" }, "ORDER_QUANTITY_INVALID", "quantity"],
      [{ quantity: "0" }, "ORDER_QUANTITY_INVALID", "quantity"],
      [{ limit_price: "1e2" }, "ORDER_PRICE_INVALID", "limit_price"],
      [{ limit_price: undefined }, "ORDER_LIMIT_PRICE_REQUIRED", "limit_price"],
      [{ side: "HOLD" }, "INPUT_INVALID", "side"],
      [{ surprise: 1 }, "INPUT_INVALID", "surprise"],
    ] as const) {
      const refused = orderRefusal(orderPreview, { ...said, ...over });
      expect([over, refused.code]).toEqual([over, code]);
      expect(refused.message).toContain(field);
    }
  });
});
