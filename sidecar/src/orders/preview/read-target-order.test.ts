import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aLeg, anOrder } from "../../../../test/support/orders.ts";
import { ACCOUNT, bookRow, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { readTarget } from "./read-target-order.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
async function target(row: object | null, purpose: "modify" | "cancel" = "modify") {
  const orders = row === null ? [] : [bookRow({ ...row })];
  pc.broker.answers["iserver.orders"] = { orders, snapshot: true };
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return readTarget(context, account, pc.store, "11", purpose);
}
const rule = async (...given: Parameters<typeof target>) => {
  const read = await target(...given);
  return read.ok ? "ok" : read.refusals[0]?.rule;
};

describe("the order that a change or a cancel is about", () => {
  it("is restated from the broker's list, as it works now", async () => {
    const read = await target({ totalSize: 3, filledQuantity: 1, price: "190" });
    expect(read).toMatchObject({
      ok: true,
      target: {
        order_id: "11",
        foreign: true,
        filled_quantity: "1",
        before: { side: "BUY", order_type: "LMT", quantity: "3", limit_price: "190" },
      },
    });
  });

  it("is ours when the journal knows its reference", async () => {
    const { coid } = anIntentRecord();
    pc.store.insert(anIntentRecord());
    expect(await target({ order_ref: coid })).toMatchObject({
      target: { foreign: false, order_ref: coid },
    });
  });

  it("must be in the list, and work", async () => {
    expect(await rule(null)).toBe("in_broker_list");
    expect(await rule({ status: "Filled" })).toBe("working");
    expect(await rule({ status: "PendingCancel" })).toBe("working");
    expect(await rule({ status: "PendingCancel" }, "cancel")).toBe("ok");
  });

  it.each([
    ["a side", { side: null }],
    ["a quantity", { totalSize: null }],
    ["a quantity above zero", { totalSize: 0 }],
    ["a type that is known", { origOrderType: "ICEBERG" }],
    ["a time in force", { timeInForce: null }],
    ["a trail that nobody here set", { origOrderType: "TRAIL" }],
  ])("is not restated by a list without %s", async (_what, over) => {
    expect(await rule(over)).toBe("readable");
  });

  it("takes the price of a stop for its trigger, and the trail from the own journal", async () => {
    expect(await target({ origOrderType: "STOP", price: "180" })).toMatchObject({
      target: { before: { order_type: "STP", stop_price: "180", limit_price: null } },
    });
    const trailing = { offset: "2", unit: "percent" as const };
    const legs = [aLeg({ side: "SELL", order_type: "TRAIL", limit_price: null, trailing })];
    const record = anIntentRecord(0, {}, anOrder({ legs }));
    const orders = record.orders.map((order) => ({ ...order, order_id: "11" }));
    pc.store.insert({ ...record, orders });
    const row = { order_ref: record.coid, side: "SELL", origOrderType: "TRAIL" };
    expect(await target(row)).toMatchObject({ target: { before: { trailing } } });
  });
});
