import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aBracket, aLeg, anOrder, NOW } from "../../../../test/support/orders.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import { TradeRow } from "../../client-portal/endpoints/trades.ts";
import { type BookView, findInBook, hasTerms } from "./book-evidence.ts";

const account = "DU1234567";
const view = (orders: object[], trades: object[] = []): BookView => ({
  orders: orders.map((row) => OrderRow.parse({ account, ...row })),
  trades: trades.map((row) => TradeRow.parse({ account, ...row })),
  source: "live_orders",
  at: NOW,
  startedAt: 0,
});

describe("what a book says of an order", () => {
  const record = anIntentRecord(0, { state: "accepted", sent: true });
  const { coid } = record;
  const row = { orderId: "11", order_ref: coid, status: "Submitted" };

  it("is that it works, with the broker's id and figures", () => {
    const found = findInBook(
      record,
      view([{ ...row, filledQuantity: "0", remainingQuantity: "1" }]),
    );
    expect(found.orders).toMatchObject([{ order_id: "11", state: "working", remaining: "1" }]);
    expect(found.evidence).toMatchObject({ source: "live_orders", says: "working" });
  });

  it("is nothing, when it holds nothing of it", () => {
    for (const book of [view([]), view([{ ...row, order_ref: "ieg1-other" }])]) {
      expect(findInBook(record, book)).toMatchObject({ evidence: null, present: false });
    }
  });

  it("is nothing, when the row is of another account", () => {
    const book = view([{ ...row, account: "DU7654321" }]);
    expect(findInBook(record, book)).toMatchObject({ evidence: null, present: false });
  });

  it("is no more than that it is there, under a status that nobody knows", () => {
    const found = findInBook(record, view([{ ...row, status: "Mysterious" }]));
    expect(found).toMatchObject({ evidence: null, present: true });
    expect(found.orders[0]?.state).toBe("submitting");
  });

  it("comes from its trades, when the list has it no more", () => {
    const found = findInBook(record, view([], [{ order_ref: coid, order_id: "11", size: "1" }]));
    expect(found.evidence).toMatchObject({ source: "trades", says: "filled", filled: "1" });
  });

  it("has an unknown quantity, when a trade has none: never zero", () => {
    const found = findInBook(record, view([], [{ order_ref: coid, order_id: "11" }]));
    expect(found.orders).toMatchObject([{ state: "working", filled: null, remaining: null }]);
  });

  it("names what stands beside it under the same reference", () => {
    const book = view([row, { ...row, orderId: "12" }]);
    expect(findInBook(record, book).surplus).toEqual(["12"]);
  });
});

describe("what a book says of a bracket", () => {
  const record = anIntentRecord(0, { sent: true }, aBracket());
  const entry = { orderId: "11", order_ref: record.coid, status: "Submitted" };

  it("tells the exits apart by their type, under their parent", () => {
    const found = findInBook(
      record,
      view([
        entry,
        { orderId: "12", parentId: "11", origOrderType: "LIMIT", status: "PreSubmitted" },
        { orderId: "13", parentId: "11", origOrderType: "STOP", status: "PreSubmitted" },
      ]),
    );
    expect(found.orders.map(({ role, order_id }) => [role, order_id])).toEqual([
      ["entry", "11"],
      ["take_profit", "12"],
      ["stop_loss", "13"],
    ]);
  });

  it("proves nothing of the whole, when a view shows an exit alone", () => {
    const known = {
      ...record,
      orders: record.orders.map((order, index) =>
        index === 0 ? { ...order, order_id: "11" } : order,
      ),
    };
    const exit = { orderId: "13", parentId: "11", origOrderType: "STOP", status: "Submitted" };
    expect(findInBook(known, view([exit])).evidence).toBeNull();
  });
});

describe("the terms of a row", () => {
  it.each<[object, boolean]>([
    [{ totalSize: "1", price: "187.25" }, true],
    [{ totalSize: "1.0", price: "187.250" }, true],
    [{ totalSize: "2", price: "187.25" }, false],
    [{ totalSize: "1", price: "187.26" }, false],
    // What the list does not show is not the same.
    [{ totalSize: "1" }, false],
  ])("%j are those of one share at 187.25: %s", (row, expected) => {
    expect(hasTerms(OrderRow.parse(row), aLeg())).toBe(expected);
  });

  it("prove a change only when they are the new ones, or it has ended", () => {
    const target = {
      order_id: "11",
      order_ref: null,
      foreign: false,
      filled_quantity: "0",
      before: aLeg({ limit_price: "180" }),
    };
    const order = anOrder({ action: "modify", target });
    const record = anIntentRecord(0, { action: "modify", sent: true }, order);
    const row = { orderId: "11", status: "Submitted", totalSize: "1" };
    expect(findInBook(record, view([{ ...row, price: "180" }]))).toMatchObject({
      evidence: null,
      present: false,
    });
    expect(findInBook(record, view([{ ...row, price: "187.25" }])).evidence?.says).toBe("working");
    expect(
      findInBook(record, view([{ ...row, price: "180", status: "Cancelled" }])).evidence?.says,
    ).toBe("cancelled");
  });
});
