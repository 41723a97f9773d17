import { describe, expect, it } from "vitest";
import { anIntentRecord, handClock, noLog } from "../../../../test/support/intent-record.ts";
import { aBracket } from "../../../../test/support/orders.ts";
import { openOrderStore } from "../journal/order-store.ts";
import { createProgress } from "../tracking/progress.ts";
import { isSilent, recordStatus } from "./status-after-cancel.ts";

function rig(bracket = false) {
  const store = openOrderStore(":memory:");
  const clock = handClock();
  const progress = createProgress({
    store,
    clock,
    source: "simulator",
    logger: noLog,
    tell: () => {},
    push: () => {},
  });
  const planned = bracket ? anIntentRecord(0, {}, aBracket()) : anIntentRecord();
  const record = {
    ...planned,
    sent: true,
    state: "working" as const,
    orders: planned.orders.map((order, index) => ({
      ...order,
      order_id: String(11 + index),
      state: "working" as const,
    })),
  };
  store.insert(record);
  return { parts: { store, progress, clock }, record };
}

const cancelled = {
  state: "cancelled",
  status: "Cancelled",
  filled: "0",
  remaining: "1",
  terminal: true,
} as const;

describe("what the status of a cancelled order says", () => {
  it("ends the intent when the order is the one that speaks for it", () => {
    const { parts, record } = rig();
    expect(recordStatus(parts, record, "11", cancelled)).toMatchObject({
      state: "cancelled",
      proved_by: "order_status",
      orders: [{ state: "cancelled", broker_status: "Cancelled" }],
    });
  });

  it("ends no bracket by the end of one of its exits", () => {
    const { parts, record } = rig(true);
    const after = recordStatus(parts, record, "12", cancelled);
    expect(after.state).toBe("working");
    expect(after.orders.map(({ state }) => state)).toEqual(["working", "cancelled", "working"]);
  });

  it("takes no end back that was learnt while it was on its way", () => {
    const late = { ...cancelled, state: "working", status: "Submitted", terminal: false } as const;
    const { parts, record } = rig();
    recordStatus(parts, record, "11", cancelled);
    expect(recordStatus(parts, record, "11", late)).toMatchObject({
      state: "cancelled",
      orders: [{ state: "cancelled" }],
    });
    const exits = rig(true);
    recordStatus(exits.parts, exits.record, "12", cancelled);
    const after = recordStatus(exits.parts, exits.record, "12", late);
    expect(after.orders.map(({ state }) => state)).toEqual(["working", "cancelled", "working"]);
  });

  it("changes nothing when none was answered", () => {
    const { parts, record } = rig();
    const unseen = { state: null, status: null, filled: null, remaining: null, terminal: false };
    expect(recordStatus(parts, record, "11", unseen)).toEqual(record);
  });
});

it("knows the silence that the broker keeps after a 429", () => {
  expect(isSilent({ session: () => ({ state: "penalty_box" }) })).toBe(true);
  expect(isSilent({ session: () => ({ state: "ready" }) })).toBe(false);
});
