import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aBracket, aLeg, anOrder } from "../../../../test/support/orders.ts";
import { ACCOUNT, bookRow, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { cancelTarget } from "./cancel-target.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const find = (order_ref: string, over: { account_id?: string; by?: "owner" | "agent" } = {}) =>
  pc.finish(
    cancelTarget(pc.submit, pc.context(), {
      account_id: ACCOUNT,
      order_ref,
      by: "agent",
      ...over,
    }),
  );
function kept(record: IntentRecord, ids: (string | null)[]) {
  const orders = record.orders.map((order, index) => ({
    ...order,
    order_id: ids[index] ?? null,
    state: "working" as const,
  }));
  const standing = { ...record, sent: true, state: "working" as const, orders };
  pc.store.insert(standing);
  return standing;
}

describe("which orders a cancel by reference means", () => {
  it("an order of another account, or of nobody, is not touched", async () => {
    const { coid } = kept(anIntentRecord(), ["11"]);
    expect(await find("ieg1-nobody")).toMatchObject({ kind: "refused" });
    expect(await find(coid, { account_id: "DU7654321" })).toMatchObject({ kind: "refused" });
  });

  it("a bracket is cancelled by its entry alone", async () => {
    const { coid } = kept(anIntentRecord(0, {}, aBracket()), ["11", "12", "13"]);
    expect(await find(coid)).toMatchObject({ kind: "numbers", orderIds: ["11"] });
    expect(pc.broker.asked).toEqual([]);
  });

  it("of a group every member, or the one that is named", async () => {
    const group = anOrder({
      structure: "oca",
      legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "180" })],
    });
    const { coid, orders } = kept(anIntentRecord(0, {}, group), ["11", "12"]);
    expect(await find(coid)).toMatchObject({ orderIds: ["11", "12"] });
    expect(await find(orders[1]?.order_ref ?? "")).toMatchObject({ orderIds: ["12"] });
  });

  it("a number that is not known is looked for in the broker's list, by force", async () => {
    const { coid } = kept(anIntentRecord(), [null]);
    pc.broker.answers["iserver.orders"] = { orders: [bookRow({ order_ref: coid })] };
    expect(await find(coid)).toMatchObject({ kind: "numbers", orderIds: ["11"] });
    expect(pc.broker.asked).toEqual(["iserver.orders"]);
  });

  it("what the list does not show is not called gone", async () => {
    const { coid } = kept(anIntentRecord(), [null]);
    const target = await find(coid);
    expect(target).toMatchObject({ kind: "refused" });
    expect(JSON.stringify(target)).toContain("may still turn up");
    expect(pc.store.intent(coid)?.state).toBe("working");
  });

  it("an order that has ended is told as ended", async () => {
    const record = { ...anIntentRecord(), state: "cancelled" as const };
    pc.store.insert(record);
    expect(await find(record.coid)).toMatchObject({
      kind: "ended",
      record: { state: "cancelled" },
    });
  });

  it("an order on its way out is waited for, and its number taken from the answer", async () => {
    const record = { ...anIntentRecord(), sent: true };
    pc.store.insert(record);
    pc.clock.after(1_000, () =>
      pc.store.save({
        ...record,
        state: "accepted",
        orders: record.orders.map((order) => ({ ...order, order_id: "11", state: "accepted" })),
      }),
    );
    expect(await find(record.coid)).toMatchObject({ kind: "numbers", orderIds: ["11"] });
    expect(pc.broker.asked).toEqual([]);
  });
});
