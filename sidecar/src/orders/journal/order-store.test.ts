import { memberOrderId } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { aBracket, aLeg, anOrder, aTicket } from "../../../../test/support/orders.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { outcomeOf, plannedOrders, principalOrder } from "./intent-record.ts";
import { openOrderStore } from "./order-store.ts";
import { refusedOutcome } from "./refused-outcome.ts";

describe("the journal of orders", () => {
  it("takes a reference, a job and an intent once", () => {
    const store = openOrderStore(":memory:");
    const record = anIntentRecord();
    expect(store.insert(record)).toBe(true);
    expect(store.insert(record)).toBe(false);
    expect(store.insert({ ...anIntentRecord(1), job_id: record.job_id })).toBe(false);
    expect(store.insert({ ...anIntentRecord(1), intent_hash: record.intent_hash })).toBe(false);
    expect(store.insert(anIntentRecord(1))).toBe(true);
  });

  it("saves several records together, or none of them", () => {
    const store = openOrderStore(":memory:");
    const [first, second] = [anIntentRecord(0), anIntentRecord(1)];
    store.insert(first);
    store.insert(second);
    const wrong = { ...second, sent: true, orders: null } as unknown as typeof second;
    expect(() => store.save({ ...first, sent: true }, wrong)).toThrow();
    expect(store.intent(first.coid)?.sent).toBe(false);
    store.save({ ...first, sent: true }, { ...second, sent: true });
    expect(store.intent(first.coid)?.sent).toBe(true);
    expect(store.intent(second.coid)?.sent).toBe(true);
  });

  it("finds an intent by its reference, a member's, and the broker's ids", () => {
    const store = openOrderStore(":memory:");
    const group = anOrder({
      structure: "oca",
      legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "180" })],
    });
    const record = anIntentRecord(0, {}, group);
    store.insert(record);
    expect(store.byRef(memberOrderId(record.coid, 1))?.coid).toBe(record.coid);
    expect(store.byOrderId("11")).toBeNull();
    const orders = record.orders.map((order, index) => ({
      ...order,
      order_id: String(11 + index),
    }));
    store.save({ ...record, orders });
    expect(store.byOrderId("12")?.coid).toBe(record.coid);
    expect([store.owns("12"), store.owns(record.coid), store.owns("13")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("counts what may have been sent, and lists what has not ended", () => {
    const store = openOrderStore(":memory:");
    store.insert(anIntentRecord(0, { sent: true }));
    store.insert(anIntentRecord(1));
    store.insert(anIntentRecord(2, { sent: true, state: "filled" }));
    expect(store.sentSince(START_MS - 1)).toBe(2);
    expect(store.sentSince(START_MS)).toBe(0);
    expect(store.open()).toHaveLength(2);
    expect(store.endedSince(START_MS)).toHaveLength(1);
  });

  it("forgets a preview in time, and an intent only when it ended long ago", () => {
    const store = openOrderStore(":memory:");
    const preview = { ticket: aTicket(), generation: 1, echo: null, madeAt: START_MS, usage: null };
    store.keepPreview("pv_1", preview);
    expect(store.preview("pv_1", START_MS + ORDER_LIMITS.previewKeptMs)).toEqual(preview);
    expect(store.preview("pv_1", START_MS + ORDER_LIMITS.previewKeptMs + 1)).toBeNull();
    const [ended, open] = [anIntentRecord(0, { state: "filled" }), anIntentRecord(1)];
    store.insert(ended);
    store.insert(open);
    store.prune(START_MS + ORDER_LIMITS.intentKeptMs + 1);
    expect(store.intent(ended.coid)).toBeNull();
    expect(store.intent(open.coid)).toEqual(open);
  });

  it("shows the number of a preview that was set first", () => {
    const store = openOrderStore(":memory:");
    const preview = { ticket: aTicket(), generation: 1, echo: null, madeAt: START_MS, usage: null };
    store.keepPreview("pv_1", preview);
    store.setEcho("pv_1", 42);
    store.setEcho("pv_1", 43);
    expect(store.preview("pv_1", START_MS)?.echo).toBe(42);
  });
});

describe("a record of an intent", () => {
  it("plans the orders that the broker is to make of it", () => {
    const bracket = anIntentRecord(0, {}, aBracket());
    expect(bracket.orders.map(({ role }) => role)).toEqual(["entry", "take_profit", "stop_loss"]);
    expect(new Set(bracket.orders.map(({ order_ref }) => order_ref)).size).toBe(1);
    expect(principalOrder(bracket)?.role).toBe("entry");
    const target = {
      order_id: "11",
      order_ref: "ieg1-other",
      foreign: false,
      filled_quantity: "0",
      before: aLeg(),
    };
    const change = anOrder({ action: "modify", target });
    expect(plannedOrders(change, "ieg1-x")[0]?.order_id).toBe("11");
  });

  it("is told as an outcome, within the bounds of the answer", () => {
    const alerts = Array.from({ length: 12 }, (_none, n) => `alert ${n}`);
    const outcome = outcomeOf(anIntentRecord(0, { alerts, state: "working" }));
    expect(outcome).toMatchObject({ state: "working", at: new Date(START_MS).toISOString() });
    expect(outcome.alerts).toEqual(alerts.slice(2));
  });

  it("refused before anything was sent leaves nothing but the answer", () => {
    const input = { account_id: "DU1234567", coid: "ieg1-x" };
    expect(refusedOutcome("place", input, [], START_MS)).toMatchObject({
      state: "rejected",
      proved_by: "sidecar_not_sent",
      intent_hash: null,
      orders: [],
    });
  });
});
