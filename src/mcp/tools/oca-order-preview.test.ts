import { describe, expect, it } from "vitest";
import { asks, orderRefusal } from "../../../test/support/tool-input.ts";
import { ocaOrderPreview } from "./oca-order-preview.ts";

describe("ibkr_oca_order_preview", () => {
  const said = {
    account_id: "DU1234567",
    conid: 265598,
    side: "SELL",
    quantity: "1",
    orders: [
      { order_type: "LMT", limit_price: "200" },
      { order_type: "STP", stop_price: "180" },
    ],
  };

  it("asks for one amount of one contract, in the ways that are named", () => {
    expect(asks(ocaOrderPreview, said)).toEqual({
      ...said,
      time_in_force: "DAY",
      outside_rth: false,
      reduce_only: false,
    });
  });

  it("refuses what is wrong with a member by its place", () => {
    const [target, stop] = said.orders;
    const wrong = (orders: object[]) => orderRefusal(ocaOrderPreview, { ...said, orders });
    expect(wrong([target ?? {}, { order_type: "STP" }])).toMatchObject({
      code: "ORDER_STOP_PRICE_REQUIRED",
      message: expect.stringContaining("orders.1.stop_price"),
    });
    expect(wrong([{ order_type: "LMT", limit_price: "1e2" }, stop ?? {}])).toMatchObject({
      code: "ORDER_PRICE_INVALID",
      message: expect.stringContaining("orders.0.limit_price"),
    });
    expect(wrong([target ?? {}]).code).toBe("INPUT_INVALID");
    expect(wrong([target ?? {}, { ...stop, side: "BUY" }]).code).toBe("INPUT_INVALID");
  });
});
