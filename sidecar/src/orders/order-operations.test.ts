import { alertTell } from "@ibkr-edge-gateway/protocol/operation-schemas/alert-tell.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../test/support/intent-record.ts";
import { ACCOUNT, type PcOrders, pcOrders } from "../../../test/support/pc-orders.ts";
import { createOrderSide } from "./order-side.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const operations = () => createOrderSide(pc.options, pc.side).operations;
async function run(operation: string, input: unknown) {
  const handler = operations()[operation];
  if (handler === undefined) throw new Error("not served");
  const request = pc.request({ operation, input });
  return pc.finish(handler(request).execute(pc.context(), input));
}

describe("the operations about orders", () => {
  it("are known to both ends under the same names", () => {
    const names = Object.keys(operations());
    expect(names.filter((name) => !Object.hasOwn(OPERATIONS, name))).toEqual([]);
    const ofOrders = Object.keys(OPERATIONS).filter((name) =>
      /^(order|mandate|approval|approver|kill|trust)\./.test(name),
    );
    expect(ofOrders.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("take no input that their schema does not", async () => {
    for (const name of Object.keys(operations())) {
      await expect(run(name, { surprise: true })).rejects.toThrow();
    }
    expect(pc.broker.asked).toEqual([]);
  });
});

describe("a preview", () => {
  it("names every fault of its input, without asking the broker", async () => {
    const order = { account_id: ACCOUNT, conid: 1, side: "x", order_type: "y", quantity: "1" };
    const answer = await run("order.preview", {
      account_id: ACCOUNT,
      request: { kind: "order", order },
    });
    expect(answer).toMatchObject({ outcome: "refused", candidates: [] });
    expect(pc.broker.asked).toEqual([]);
  });
});

describe("what became of an order", () => {
  it("is told to the account that it belongs to alone", async () => {
    const record = anIntentRecord(0, { state: "working", sent: true });
    pc.store.insert(record);
    const { coid } = record;
    expect(await run("order.status", { account_id: ACCOUNT, coid })).toMatchObject({
      intent: { coid, state: "working" },
    });
    expect(await run("order.status", { account_id: "DU7654321", coid })).toMatchObject({
      intent: null,
    });
  });
});

describe("the kill switch", () => {
  it("is engaged by the gateway and stays", async () => {
    expect(await run("kill.engage", { reason: "loss" })).toMatchObject({ changed: true });
    expect(pc.local.engaged).toBe(true);
    expect(await run("trust.status", {})).toMatchObject({ kill_switch: { engaged: true } });
  });
});

describe("the gateway's alerts", () => {
  it("are counted over all calls, so that they cannot drown the owner", async () => {
    const all = operations();
    const handler = all["alert.tell"];
    if (handler === undefined) throw new Error("not served");
    const input = alertTell.input.parse({ kind: "unexplained_order", message: "look" });
    const taken = [];
    for (let n = 0; n < 25; n += 1) {
      taken.push(await handler(pc.request()).execute(pc.context(), input));
    }
    expect(taken.filter((answer) => JSON.stringify(answer).includes('"taken":true'))).toHaveLength(
      20,
    );
  });
});
