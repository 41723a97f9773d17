import {
  OwnBookReport,
  StatedOrder,
} from "@ibkr-edge-gateway/protocol/operation-schemas/own-book.ts";
import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { openOrderStore } from "../journal/order-store.ts";
import type { BookRead } from "../tracking/order-book-read.ts";
import { createBookKeeper } from "./book-keeper.ts";
import { createOwnBook } from "./own-book.ts";

const ACCOUNT = "DU1234567";
const read = (refs: readonly string[]): BookRead => ({
  orders: refs.map((ref, n) =>
    OrderRow.parse({ acct: ACCOUNT, orderId: String(n + 1), order_ref: ref }),
  ),
  trades: [],
  source: "live_orders",
  at: new Date(START_MS).toISOString(),
  startedAt: START_MS,
  proved: true,
});

function aKeeper() {
  const store = openOrderStore(":memory:");
  const clock = { now: START_MS };
  const book = createOwnBook(store.db, memorySigningKey(), {
    now: () => clock.now,
    seenHead: () => null,
  });
  const alerts: string[] = [];
  const told: string[] = [];
  const keeper = createBookKeeper({
    store,
    book,
    progress: { alert: ({ message }) => alerts.push(message) },
    logger: { error: (facts) => alerts.push(JSON.stringify(facts)) },
    tellStated: (coid) => told.push(coid),
    now: () => clock.now,
  });
  const record = anIntentRecord(1, { state: "working", sent: true, account_id: ACCOUNT });
  store.insert(record);
  const leave = () =>
    book.leaving({
      method: "POST",
      path: "/orders",
      body: "{}",
      about: { coid: record.coid, accountId: ACCOUNT, intentHash: record.intent_hash },
    });
  return { store, keeper, alerts, told, record, leave, clock };
}

describe("holding the broker's book against this PC's own", () => {
  it("gives the gateway what its schema takes, and marks what it found", () => {
    const { keeper, leave, record, alerts } = aKeeper();
    expect(keeper.report(ACCOUNT)).toBeNull();
    leave();
    keeper.hold(ACCOUNT, read([record.coid]));
    const report = OwnBookReport.parse(keeper.report(ACCOUNT));
    expect(report).toMatchObject({
      last_seq: 1,
      broken_at: null,
      sent: [record.coid],
      unmatched: [],
    });
    expect(report.statements.map(({ body }) => body.kind)).toEqual(["sent"]);
    expect(alerts).toEqual([]);
    expect(keeper.heldAt()).toBe(START_MS);
  });

  it("tells the owner once of what is left over, and of a book that was changed", () => {
    const { keeper, leave, record, alerts, store } = aKeeper();
    leave();
    keeper.hold(ACCOUNT, read([]));
    keeper.hold(ACCOUNT, read([]));
    expect(alerts).toEqual([expect.stringContaining(`sent the order ${record.coid}`)]);
    leave();
    store.db.exec("UPDATE own_statements SET chain = zeroblob(32) WHERE pc_seq = 2");
    keeper.hold(ACCOUNT, read([record.coid]));
    expect(alerts[1]).toContain("was changed at its number 2");
    expect(keeper.report(ACCOUNT)?.broken_at).toBe(2);
  });

  it("leaves to the gateway what bears our reference and is another PC's", () => {
    const { keeper, alerts } = aKeeper();
    const ref = `ieg1-${"9".repeat(32)}`;
    keeper.hold(ACCOUNT, read([ref]));
    expect(alerts).toEqual([]);
    expect(keeper.report(ACCOUNT)?.unmatched).toMatchObject([
      { order_ref: ref, why: "unknown_here" },
    ]);
  });

  it("states an order's end as soon as it can be said whole, once", () => {
    const { keeper, leave, record, store } = aKeeper();
    expect(keeper.stated(record.coid)).toBeNull();
    leave();
    const kinds = () => keeper.stated(record.coid)?.statements.map(({ body }) => body.kind);
    expect(kinds()).toEqual(["sent"]);
    const ended = (state: "cancelled" | "filled", filled: string) => {
      const orders = record.orders.map((order) => ({ ...order, filled }));
      store.save({ ...record, state, orders, version: record.version + 1 });
    };
    // Something was filled, and nothing of it was read yet: how it ended is not known whole.
    ended("filled", "1");
    expect(kinds()).toEqual(["sent"]);
    ended("cancelled", "0");
    expect(kinds()).toEqual(["sent", "result"]);
    const before = keeper.stated(record.coid);
    expect(keeper.stated(record.coid)).toEqual(before);
    expect(StatedOrder.parse(before).statements[1]?.body).toMatchObject({
      status: "cancelled",
      executions: [],
    });
  });

  it("tells what a reading adds to an order that has ended, and only then", () => {
    const { keeper, leave, record, store, told } = aKeeper();
    leave();
    const order_ref = record.orders[0]?.order_ref ?? record.coid;
    store.save({ ...record, state: "filled", version: record.version + 1 });
    const size = record.orders[0]?.remaining ?? "1";
    const trade = {
      ...{ execution_id: "e1", order_ref, size, price: "10", trade_time_r: START_MS },
      ...{ account: ACCOUNT, accountCode: ACCOUNT },
    };
    const book = { ...read([record.coid]), trades: [trade] } as unknown as ReturnType<typeof read>;
    keeper.hold(ACCOUNT, book);
    keeper.hold(ACCOUNT, book);
    expect(told).toEqual([record.coid]);
  });

  it("stops nothing when it cannot be kept", () => {
    const { keeper, alerts, store, record } = aKeeper();
    store.db.exec("DROP TABLE own_statements");
    expect(() => keeper.hold(ACCOUNT, read([record.coid]))).not.toThrow();
    expect(alerts).toHaveLength(1);
  });
});
