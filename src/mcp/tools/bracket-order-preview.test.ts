import { describe, expect, it } from "vitest";
import { asks, orderRefusal } from "../../../test/support/tool-input.ts";
import { bracketOrderPreview } from "./bracket-order-preview.ts";

describe("ibkr_bracket_order_preview", () => {
  const said = {
    account_id: "DU1234567",
    conid: 265598,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "187.25",
    take_profit_price: "200",
    stop_loss_price: "180",
  };

  it("asks for an entry with both exits", () => {
    expect(asks(bracketOrderPreview, said)).toEqual({
      ...said,
      time_in_force: "DAY",
      outside_rth: false,
    });
  });

  it("refuses one without its protection", () => {
    const { stop_loss_price: _stop, ...bare } = said;
    expect(orderRefusal(bracketOrderPreview, bare).message).toContain("stop_loss_price");
  });
});
