import { expect, it } from "vitest";
import { asks } from "../../test/support/tool-input.ts";
import { orderPreviewTool } from "./tools/order-preview.ts";

/** The broker has symbols with small letters in them, and the same letters in capitals may be another share. */
const preview = (symbol: string): unknown =>
  asks(orderPreviewTool, {
    account_id: "DU1234567",
    symbol,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "20",
  });

it("a symbol of small and capital letters is not made another symbol", () => {
  expect(() => preview("NVDd")).toThrow();
});

it("a symbol of small letters alone is meant in capitals", () => {
  expect(JSON.stringify(preview("nvdd"))).toContain('"NVDD"');
});
