import { describe, expect, it } from "vitest";
import { anIntentRecord, handClock, noLog } from "../../../../test/support/intent-record.ts";
import { NOW } from "../../../../test/support/orders.ts";
import { type OrderStore, openOrderStore } from "../journal/order-store.ts";
import { createProgress } from "./progress.ts";

function start(over: Partial<OrderStore> = {}) {
  const store = { ...openOrderStore(":memory:"), ...over };
  const told: { type: string; payload: unknown }[] = [];
  const pushed: string[] = [];
  const progress = createProgress({
    store,
    clock: handClock(),
    source: "simulator",
    logger: noLog,
    tell: (event) => told.push(event),
    push: (alert) => pushed.push(alert),
  });
  const record = anIntentRecord(0, { sent: true });
  store.insert(record);
  return { store, progress, told, pushed, record, coid: record.coid };
}

const says = (word: "ambiguous" | "working" | "rejected") =>
  ({
    source: word === "ambiguous" ? "gateway" : "live_orders",
    says: word,
    filled: null,
    remaining: null,
    at: NOW,
  }) as const;

describe("progress", () => {
  it("saves first and tells then: what cannot be saved is not told", () => {
    const { progress, told, coid } = start({
      save: () => {
        throw new Error("the disk is full");
      },
    });
    expect(() => progress.apply(coid, says("working"))).toThrow("the disk is full");
    expect(told).toEqual([]);
  });

  it("tells a state with the version that is saved", () => {
    const { progress, told, store, coid } = start();
    expect(progress.apply(coid, says("working"))).toMatchObject({ state: "working", version: 1 });
    expect(store.intent(coid)).toMatchObject({ state: "working", proved_by: "live_orders" });
    expect(told).toMatchObject([
      { type: "broker.order", payload: { event_key: `intent|${coid}|1`, before: "submitting" } },
    ]);
  });

  it("alerts once per intent and kind, and each time without one", () => {
    const { progress, pushed, told, coid, record } = start();
    progress.apply(coid, says("ambiguous"));
    progress.alert({ alert: "outcome_unknown", message: "again", record });
    expect(pushed).toEqual(["outcome_unknown"]);
    const alert = { alert: "session_lost", message: "gone", record: null } as const;
    progress.alert(alert);
    progress.alert({ ...alert, accountId: "DU1234567" });
    expect(pushed).toEqual(["outcome_unknown", "session_lost", "session_lost"]);
    expect(told.at(-1)?.payload).toMatchObject({ account_id: "DU1234567", coid: null });
  });

  it("leaves an order as it is by evidence that proves nothing, and keeps what came with it", () => {
    const { progress, told, coid } = start();
    progress.apply(coid, says("rejected"));
    const { length } = told;
    expect(progress.apply(coid, says("ambiguous"))).toMatchObject({ state: "rejected" });
    expect(told).toHaveLength(length);
    const claimed = progress.apply(coid, says("ambiguous"), { claimed: true });
    expect(claimed).toMatchObject({ state: "rejected", claimed: true });
  });

  it("tells of a question only while there is one", () => {
    const { progress, told, record } = start();
    progress.question(record, "asked", "broker");
    expect(told).toEqual([]);
  });

  it("knows no intent that the journal does not have", () => {
    expect(() => start().progress.note("ieg1-none", {})).toThrow(RangeError);
  });
});
