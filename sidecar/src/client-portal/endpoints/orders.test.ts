import { describe, expect, it } from "vitest";
import { liveOrders } from "./orders.ts";

const { decode } = liveOrders();
const row = { acct: "DU1", conid: 1, side: "SELL", remainingQuantity: 10, status: "Submitted" };

describe("an answer to the question for the orders", () => {
  it.each([{ snapshot: true }, { orders: null }, { orders: "x" }, { orders: {} }, {}])(
    "that holds no list is unreadable, not empty: %j",
    (json) => {
      expect(() => decode(json)).toThrow();
    },
  );

  it("counts the rows that have no id", () => {
    expect(decode({ orders: [row, { ...row, orderId: 5 }, "x"] })).toMatchObject({
      orders: [{ orderId: "5" }],
      lost: 2,
    });
  });

  it("keeps what is known of them", () => {
    expect(decode({ orders: [row, "x"] }).unread).toMatchObject([
      { conid: 1, side: "SELL", remainingQuantity: "10" },
      null,
    ]);
  });
});
