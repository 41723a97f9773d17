import { memberOrderId } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { createIntents } from "./intents.ts";
import { openOrderStore } from "./order-store.ts";
import { intentRecord, openCoids } from "./tables/intents.ts";
import { coidOfOrderId, noteOrderId } from "./tables/order-ids.ts";

let { db } = openOrderStore(":memory:");
beforeEach(() => {
  ({ db } = openOrderStore(":memory:"));
});
const withId = (n: number, order_id: string, over: Parameters<typeof anIntentRecord>[1] = {}) => {
  const record = anIntentRecord(n, over);
  return { ...record, orders: record.orders.map((order) => ({ ...order, order_id })) };
};

describe("the intents of a journal", () => {
  it("are the same in memory, in the table and to whoever opens the journal beside it", () => {
    const intents = createIntents(db);
    const record = anIntentRecord();
    intents.insert(record);
    intents.save({ ...record, state: "working", sent: true, version: 1 });
    const beside = createIntents(db);
    expect(beside.intent(record.coid)).toEqual(intents.intent(record.coid));
    expect(JSON.parse(intentRecord(db, record.coid) ?? "")).toEqual(beside.intent(record.coid));
  });

  it("keep nothing in memory that was not inserted or saved", () => {
    const intents = createIntents(db);
    const record = anIntentRecord();
    intents.insert(record);
    expect(intents.insert({ ...record, state: "filled" })).toBe(false);
    expect(intents.intent(record.coid)?.state).toBe("submitting");
  });

  it("give a broker's id to the intent that had it first", () => {
    const intents = createIntents(db);
    const [first, second] = [withId(0, "11"), withId(1, "11")];
    intents.insert(first);
    intents.insert(second);
    intents.save(first);
    intents.save(second);
    expect(intents.byOrderId("11")?.coid).toBe(first.coid);
    noteOrderId(db, "11", second.coid);
    expect(coidOfOrderId(db, "11")).toBe(first.coid);
    expect(coidOfOrderId(db, "12")).toBeNull();
  });

  it("leave the id of a changed order with the order", () => {
    const intents = createIntents(db);
    const change = withId(0, "11", { action: "modify" });
    intents.insert(change);
    intents.save(change);
    expect(intents.byOrderId("11")).toBeNull();
  });

  it("know a member of a group by its own reference, and no other suffix", () => {
    const intents = createIntents(db);
    const { coid } = anIntentRecord();
    intents.insert(anIntentRecord());
    expect(intents.byRef(memberOrderId(coid, 0))?.coid).toBe(coid);
    expect(intents.byRef(`${coid}-ab`)).toBeNull();
  });

  it("stay open until they are proved to have ended, and are pruned then alone", () => {
    const intents = createIntents(db);
    const states = ["working", "unknown", "filled", "cancelled", "rejected", "expired"] as const;
    for (const [n, state] of states.entries()) intents.insert(anIntentRecord(n, { state }));
    expect(
      intents
        .open()
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(["unknown", "working"]);
    intents.prune(START_MS + 1);
    expect(openCoids(db)).toHaveLength(2);
    expect(intents.intent(anIntentRecord(2).coid)).toBeNull();
  });

  it("count what was sent under one mandate and no other", () => {
    const intents = createIntents(db);
    const [one, other] = ["a".repeat(64), "b".repeat(64)];
    intents.insert(anIntentRecord(0, { sent: true, mandate_hash: one }));
    intents.insert(anIntentRecord(1, { sent: false, mandate_hash: one }));
    intents.insert(anIntentRecord(2, { sent: true, mandate_hash: other }));
    intents.insert(anIntentRecord(3, { sent: true }));
    expect(intents.sentUnder(one, START_MS - 1).map(({ job_id }) => job_id)).toEqual(["job-0"]);
    expect(intents.sentUnder(one, START_MS)).toEqual([]);
  });

  it("take their orders' numbers with them when they are pruned, a part at a time", () => {
    const intents = createIntents(db);
    for (let n = 0; n < 450; n += 1) {
      const record = withId(n, String(1_000 + n), { state: "filled", sent: true });
      intents.insert(record);
      intents.save(record);
    }
    const open = withId(450, "99", { sent: true });
    intents.insert(open);
    intents.save(open);
    const count = (table: string) =>
      Number(db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.n);
    const turns = [0, 1, 2].map(() => [
      intents.prune(START_MS + 1),
      count("intents"),
      count("order_ids"),
    ]);
    expect(turns).toEqual([
      [false, 251, 251],
      [false, 51, 51],
      [true, 1, 1],
    ]);
    expect(intents.byOrderId("99")?.coid).toBe(open.coid);
  });

  it("are found by when they ended, however many were sent before", () => {
    const intents = createIntents(db);
    const late = anIntentRecord(0, { state: "filled", sent: true, updated_at: START_MS + 5_000 });
    intents.insert(late);
    intents.insert(anIntentRecord(1, { state: "filled", sent: true, updated_at: START_MS }));
    intents.insert(
      anIntentRecord(2, { state: "filled", sent: false, updated_at: START_MS + 9_000 }),
    );
    expect(intents.endedSince(START_MS + 1).map(({ coid }) => coid)).toEqual([late.coid]);
    intents.save({ ...late, updated_at: START_MS + 7_000 });
    expect(intents.endedSince(START_MS + 6_000)).toHaveLength(1);
    const plan = db
      .prepare(
        `EXPLAIN QUERY PLAN SELECT record FROM intents WHERE +sent = 1
         AND state IN ('filled','cancelled','rejected','expired') AND updated_at >= ?`,
      )
      .all(0)
      .map(({ detail }) => String(detail));
    expect(plan).toEqual(["SEARCH intents USING INDEX intents_ended (updated_at>?)"]);
  });
});
