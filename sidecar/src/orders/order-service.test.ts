import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../test/support/intent-record.ts";
import { ACCOUNT, type PcOrders, pcOrders } from "../../../test/support/pc-orders.ts";
import { ORDER_LIMITS } from "./limits.ts";
import { createOrderService } from "./order-service.ts";

const start = (pc: PcOrders) => createOrderService(pc.options, pc.side);
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
