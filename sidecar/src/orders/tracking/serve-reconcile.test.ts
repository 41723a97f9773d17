import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { ACCOUNT, bookRow, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { reconcileOrders } from "./serve-reconcile.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const reconcile = (...order_refs: string[]) =>
  pc.finish(reconcileOrders(pc.submit, pc.context(), { account_id: ACCOUNT, order_refs }));

describe("what the broker's book says of references", () => {
  it("shows the order, its exits and its fills, and lets the journal learn from the same read", async () => {
    const record = { ...anIntentRecord(), sent: true, state: "unknown" as const };
    pc.store.insert(record);
    pc.broker.answers["iserver.orders"] = {
      orders: [bookRow({ order_ref: record.coid }), bookRow({ orderId: 12, parentId: 11 })],
      snapshot: true,
    };
    pc.broker.answers["iserver.trades"] = [
      { execution_id: "e1", order_ref: record.coid, conid: 265598, account: ACCOUNT },
    ];
    const { results, proved } = await reconcile(record.coid);
    expect(proved).toBe(true);
    expect(results[0]).toMatchObject({
      found: true,
      claimed: false,
      evidence: { source: "live_orders", says: "working" },
      executions: ["e1"],
    });
    expect(results[0]?.orders.map(({ order_id }) => order_id)).toEqual(["11", "12"]);
    expect(pc.store.intent(record.coid)?.state).toBe("working");
  });

  it("finds nothing and proves nothing of it: absence is no evidence", async () => {
    const { results } = await reconcile("ieg1-nowhere");
    expect(results).toEqual([
      {
        order_ref: "ieg1-nowhere",
        found: false,
        claimed: false,
        evidence: null,
        orders: [],
        executions: [],
      },
    ]);
  });

  it("takes a fill alone as a sign that the order lived", async () => {
    pc.broker.answers["iserver.trades"] = [{ execution_id: "e1", order_ref: "ieg1-x" }];
    const { results } = await reconcile("ieg1-x");
    expect(results[0]).toMatchObject({
      found: true,
      evidence: { source: "trades", says: "working" },
    });
  });

  it("does not call a book proved in which a row cannot be read", async () => {
    pc.broker.answers["iserver.orders"] = { orders: [bookRow({ acct: "?" })], snapshot: true };
    const { proved, notes } = await reconcile("ieg1-x");
    expect(proved).toBe(false);
    expect(notes.join()).toContain("could not be read");
  });

  it("asks for an account of this login only", async () => {
    const asked = reconcileOrders(pc.submit, pc.context(), { account_id: "DU7", order_refs: [] });
    await expect(pc.finish(asked)).rejects.toMatchObject({
      failure: { code: "INPUT_UNAUTHORIZED_ACCOUNT" },
    });
    expect(pc.broker.asked).toEqual(["portfolio.accounts"]);
  });
});
