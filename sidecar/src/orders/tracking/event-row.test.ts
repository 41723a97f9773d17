import { expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { NOW } from "../../../../test/support/orders.ts";
import { orderFrom } from "../../client-portal/domain/order-rows.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import { findInBook } from "./book-evidence.ts";
import { rowOf } from "./event-row.ts";

it("an order that was told is evidence as the row it was made of", () => {
  const record = anIntentRecord(0, { state: "accepted", sent: true });
  const row = OrderRow.parse({
    account: "DU1234567",
    orderId: "11",
    order_ref: record.coid,
    conid: 265598,
    ticker: "AAPL",
    secType: "STK",
    side: "BUY",
    orderType: "LIMIT",
    price: "187.25",
    totalSize: "1",
    filledQuantity: "0",
    remainingQuantity: "1",
    status: "Submitted",
    cashCcy: "USD",
    timeInForce: "DAY",
  });
  const order = orderFrom(row, () => true);
  if (order === null) throw new Error("the row cannot be read");
  const view = (one: OrderRow) => ({
    orders: [one],
    trades: [],
    source: "order_stream" as const,
    at: NOW,
    startedAt: null,
  });
  expect(findInBook(record, view(rowOf(order)))).toEqual(findInBook(record, view(row)));
  expect(rowOf(order).order_ref).toBe(record.coid);
});
