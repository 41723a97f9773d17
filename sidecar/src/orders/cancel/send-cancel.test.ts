import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord, settled } from "../../../../test/support/intent-record.ts";
import { ACCOUNT, json, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { TransportError } from "../../client-portal/transport.ts";
import { type NumberedCancel, sendCancel } from "./send-cancel.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const input = (over: Partial<NumberedCancel> = {}): NumberedCancel => ({
  account_id: ACCOUNT,
  coid: "ieg1-cancel",
  order_id: "11",
  by: "agent",
  ...over,
});
const send = (over: Partial<NumberedCancel> = {}, known = anIntentRecord(), begin = () => {}) => {
  pc.store.insert(known);
  const work = sendCancel(pc.submit, pc.request({ begin }), pc.context(), input(over), known, null);
  return pc.finish(work);
};
const status = (order_status: string, more = {}) => {
  pc.broker.answers["iserver.order-status"] = { order_id: 11, order_status, size: 1, ...more };
};
const taken = json({ msg: "Request was submitted", order_id: 11, conid: -1 });

describe("a cancel that is sent", () => {
  it("is begun right before its first byte, and not at all when it must not begin", async () => {
    const begin = () => {
      throw new Error("the job was cancelled");
    };
    await expect(send({}, undefined, begin)).rejects.toThrow("the job was cancelled");
    expect(pc.broker.sent).toEqual([]);
  });

  it("reports a fill that was faster", async () => {
    pc.broker.replies.push(taken);
    status("Filled", { cum_fill: 1 });
    const outcome = await send();
    expect(outcome).toMatchObject({ state: "filled", proved_by: "order_status" });
  });

  it("is sent once more when no answer came and the order still works, and never a third time", async () => {
    pc.broker.replies.push(
      new TransportError("timeout", true),
      new TransportError("timeout", true),
    );
    status("Submitted", { cum_fill: 0 });
    expect((await send()).state).toBe("working");
    expect(pc.broker.sent).toHaveLength(2);
  });

  it("is not sent again when the status shows that it took effect", async () => {
    pc.broker.replies.push(new TransportError("timeout", true));
    status("PendingCancel", { cum_fill: 0 });
    await send();
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("fails, and can be tried again, when it did not leave this PC", async () => {
    pc.broker.replies.push(new TransportError("dial_refused", false));
    await expect(send()).rejects.toMatchObject({
      failure: { code: "BROKER_BACKEND_UNAVAILABLE", retryable: true },
    });
  });

  it("says that nothing is known when neither answer nor status came", async () => {
    pc.broker.replies.push(
      new TransportError("timeout", true),
      new TransportError("timeout", true),
    );
    expect(await send()).toMatchObject({ state: "unknown", proved_by: "submit_answer" });
  });
});

describe("a cancel that the broker turns away with 429", () => {
  it("of the owner is sent again later, and its end written down", async () => {
    const record = { ...anIntentRecord(), sent: true, state: "working" as const };
    pc.store.insert({
      ...record,
      orders: record.orders.map((one) => ({ ...one, order_id: "11" })),
    });
    pc.broker.replies.push(json({ error: "too many" }, 429), taken);
    status("Submitted", { cum_fill: 0 });
    const known = pc.store.intent(record.coid) ?? record;
    await send({ by: "owner" }, known);
    expect(pc.broker.sent).toHaveLength(1);
    status("Cancelled", { cum_fill: 0 });
    for (
      let turn = 0;
      turn < 2_000 && pc.store.intent(record.coid)?.state === "working";
      turn += 1
    ) {
      pc.clock.run(1_000);
      await settled();
    }
    expect(pc.broker.sent).toHaveLength(2);
    expect(pc.store.intent(record.coid)?.state).toBe("cancelled");
  });

  it("of an agent is not", async () => {
    pc.broker.replies.push(json({ error: "too many" }, 429), taken);
    await send();
    for (let turn = 0; turn < 200; turn += 1) {
      pc.clock.run(60_000);
      await settled();
    }
    expect(pc.broker.sent).toHaveLength(1);
  });
});
