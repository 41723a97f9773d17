import { describe, expect, it } from "vitest";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { ordersList } from "./orders-list.ts";

describe("ibkr_orders_list", () => {
  it("shows open orders unless told otherwise", () => {
    expect(asks(ordersList, {})).toEqual({ show: "open", limit: 50 });
    expect(asks(ordersList, { show: "all" })).toMatchObject({ show: "all" });
    refusal(ordersList, { show: "filled" });
  });
});
