import { describe, expect, it } from "vitest";
import { readWorkingFacts } from "../../orders/submit/working-facts.ts";
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

  it.each([
    ["has no id", row],
    ["has no account", { ...row, acct: undefined, orderId: 5 }],
  ])("with a row that %s, nobody knows what works", async (_name, unreadable) => {
    const value = decode({ orders: [unreadable] });
    const context = {
      stream: { orders: () => null },
      ask: () => Promise.resolve({ value, at: 1, from: "broker", proved: true }),
      isOwnOrder: () => false,
      clock: { now: () => 1 },
    };
    const account = { accountId: "DU1", accountCount: 1, baseCurrency: "USD" };
    const store = { byRef: () => null, byOrderId: () => null };
    const read: unknown = await Reflect.apply(readWorkingFacts, null, [
      context,
      account,
      store,
      null,
    ]);
    expect(read).toBeNull();
  });
});
