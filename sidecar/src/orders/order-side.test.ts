import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../test/support/intent-record.ts";
import { anOrder, NOW } from "../../../test/support/orders.ts";
import { ACCOUNT, type PcOrders, pcOrders } from "../../../test/support/pc-orders.ts";
import { ORDER_LIMITS } from "./limits.ts";
import { reportFaults } from "./local-policy/report-faults.ts";
import { createOrderSide } from "./order-side.ts";
import { localFaults } from "./submit/local-checks.ts";

const start = (pc: PcOrders) => createOrderSide(pc.options, pc.side);
const accepted = (n = 0) => {
  const planned = anIntentRecord(n);
  const orders = planned.orders.map((order) => ({ ...order, order_id: "11" }));
  return { ...planned, sent: true, state: "accepted" as const, orders };
};
const heard = (status: string, filled = "0") => ({
  type: "broker.order" as const,
  payload: {
    event_key: "k",
    source: "simulator",
    observed_at: "2026-11-20T15:00:00.000Z",
    order: {
      account_id: ACCOUNT,
      order_id: "11",
      order_ref: accepted().coid,
      origin: "gateway",
      parent_id: null,
      oca_group: null,
      conid: 265598,
      symbol: "AAPL",
      asset_class: "STK",
      exchange: null,
      currency: "USD",
      side: "buy",
      order_type: "LIMIT",
      limit_price: "187.25",
      stop_price: null,
      time_in_force: "DAY",
      outside_rth: false,
      quantity: "1",
      filled,
      remaining: filled === "0" ? "1" : "0",
      average_price: null,
      status: status === "Filled" ? "filled" : "working",
      broker_status: status,
      reason: null,
      updated_at: null,
    },
  },
});
const orders = (pc: PcOrders) =>
  pc.told.flatMap(({ type, payload }) => (type === "broker.alert" ? [payload] : []));
const MB = 1024 * 1024;

const NOBODYS = { share: null, reduces: false };

describe("a PC that keeps running", () => {
  it("forgets the tickets that are long gone", () => {
    const pc = pcOrders();
    const service = start(pc);
    for (let n = 1; n <= 5; n += 1) pc.approved(undefined, n);
    expect(pc.store.previewsSince(0, NOBODYS).taken).toBe(5);
    pc.clock.run(2 * ORDER_LIMITS.previewKeptMs + 2 * ORDER_LIMITS.pruneEveryMs);
    expect(pc.store.previewsSince(0, NOBODYS).taken).toBe(0);
    service.close();
  });

  it("warns once of a disk that fills, and keeps what room is left for exits", () => {
    const pc = pcOrders();
    const room = { freeBytes: 210 * MB * 10, totalBytes: 1_000 * MB * 10 };
    const service = createOrderSide({ ...pc.options, disk: () => room }, pc.side);
    const rules = reportFaults(
      pc.options.rules,
      () => {},
      () => room,
    );
    expect(orders(pc)).toEqual([]);
    expect(rules.diskFault?.()).toBeNull();
    room.freeBytes = 200 * MB * 10;
    pc.clock.run(2 * ORDER_LIMITS.pruneEveryMs);
    expect(orders(pc)).toMatchObject([{ alert: "needs_owner" }]);
    room.freeBytes = ORDER_LIMITS.diskReserveBytes - 1;
    expect(rules.diskFault?.()).toContain("255 MB left");
    const judged = { rules, store: pc.store, clock: pc.clock };
    const numbers = { notional: "187.25", missing: null, units: "1", dailyPnl: "0" };
    const effect = (kind: "entry" | "exit") =>
      ({ kind, position: "1", working_same_side: "0", at: NOW }) as const;
    const rulesOf = (kind: "entry" | "exit") =>
      localFaults(judged, anOrder(), { ...numbers, effect: effect(kind) }).map(({ rule }) => rule);
    expect(rulesOf("entry")).toEqual(["room_on_disk"]);
    expect(rulesOf("exit")).toEqual([]);
    service.close();
  });
});

describe("the order side of a PC that starts", () => {
  it("calls what was under way unknown, and what never left rejected", () => {
    const pc = pcOrders();
    const [sent, unsent] = [anIntentRecord(0, { sent: true }), anIntentRecord(1)];
    pc.store.insert(sent);
    pc.store.insert(unsent);
    start(pc);
    expect(pc.store.intent(sent.coid)?.state).toBe("unknown");
    expect(pc.store.intent(unsent.coid)?.state).toBe("rejected");
    expect(pc.broker.sent).toEqual([]);
  });

  it("forgets what ended long ago", () => {
    const pc = pcOrders();
    const old = anIntentRecord(0, { state: "filled" });
    pc.store.insert(old);
    pc.clock.run(ORDER_LIMITS.intentKeptMs + 1);
    start(pc);
    expect(pc.store.intent(old.coid)).toBeNull();
  });
});

describe("what the broker's stream says of an order", () => {
  it("is evidence about its intent", () => {
    const pc = pcOrders();
    const record = accepted();
    pc.store.insert(record);
    start(pc).heard(heard("Filled", "1"));
    expect(pc.store.intent(record.coid)).toMatchObject({
      state: "filled",
      proved_by: "order_stream",
    });
  });

  it("is passed over when it is none, and stops nothing when it cannot be journaled", () => {
    const pc = pcOrders();
    const record = accepted();
    pc.store.insert(record);
    const service = start(pc);
    service.heard({ type: "broker.session", payload: {} });
    service.heard({ type: "broker.order", payload: { anything: true } });
    expect(pc.store.intent(record.coid)).toEqual(record);
    pc.store.close();
    expect(() => service.heard(heard("Filled", "1"))).not.toThrow();
  });
});

describe("a session that ends", () => {
  it("is told when orders are open, and not otherwise", () => {
    const pc = pcOrders();
    const service = start(pc);
    const lose = () => {
      pc.broker.session = { ...pc.broker.session, state: "ready", generation: 1 };
      service.sessionChanged();
      pc.broker.session = { ...pc.broker.session, state: "login_required" };
      service.sessionChanged();
      service.sessionChanged();
    };
    lose();
    expect(orders(pc)).toEqual([]);
    pc.store.insert(accepted());
    lose();
    expect(orders(pc)).toMatchObject([{ alert: "session_lost" }]);
  });
});
