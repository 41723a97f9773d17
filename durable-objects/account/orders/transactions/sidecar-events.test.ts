import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../../test/support/order-desk.ts";
import { bookRow, lost, stateEvent } from "../../../../test/support/scripted-pc.ts";
import { type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { listAlerts } from "../tables/alerts.ts";
import { findIntent } from "../tables/intents/rows.ts";
import { applyEvidence } from "./settle.ts";

describe("an event that comes again", () => {
  it("changes nothing: not a row, not a leaf", async () => {
    const rig = tradingRig();
    const coid = (await rig.trade()).order?.order_ref ?? "";
    const at = new Date(rig.clock.now).toISOString();
    const events = [
      stateEvent(rig, coid, "working"),
      {
        type: "broker.execution",
        payload: {
          event_key: "execution|e-1",
          source: "simulator",
          observed_at: at,
          execution: {
            execution_id: "e-1",
            account_id: ACCOUNT,
            order_id: "501",
            order_ref: coid,
            conid: 265598,
            symbol: "AAPL",
            asset_class: "STK",
            side: "buy",
            quantity: "1",
            price: "187.2",
            currency: "USD",
            commission: null,
            net_amount: null,
            exchange: null,
            liquidation: null,
            executed_at: at,
          },
        },
      },
      {
        type: "broker.alert",
        payload: {
          kind: "intent_alert",
          event_key: `alert|unprotected_position|${coid}`,
          source: "simulator",
          observed_at: at,
          alert: "unprotected_position",
          account_id: ACCOUNT,
          coid,
          intent_hash: null,
          message: "An entry stands without its exits.",
          broker_text: null,
          cancel_offered: ["501"],
        },
      },
      stateEvent(rig, coid, "filled"),
    ];
    for (const event of events) rig.desk.event(event);
    const once = dump(rig);
    expect(findIntent(rig.parts.storage.sql, coid)?.state).toBe("filled");
    expect(once.order_fills).toHaveLength(1);
    expect(once.order_alerts).toHaveLength(1);
    // Replayed whole, one by one, and backwards, an hour later.
    rig.clock.now += 3_600_000;
    for (const event of [...events, ...events.toReversed()]) rig.desk.event(event);
    expect(dump(rig)).toEqual(once);
  });
});

/** A row of the broker's list, as the PC in use tells it: nothing of an intent of its own. */
const rowEvent = (rig: TradingRig, coid: string, over: Partial<Order>) => ({
  type: "broker.order",
  payload: {
    event_key: `order|${rig.clock.now}`,
    source: "simulator",
    observed_at: new Date(rig.clock.now).toISOString(),
    order: bookRow(coid, over),
  },
});

describe("an order that the PC in use did not send", () => {
  it.each(["filled", "cancelled"] as const)(
    "is looked for as soon as the broker's row says that it is %s",
    async (status) => {
      const rig = tradingRig();
      const { sql } = rig.parts.storage;
      const coid = (await rig.trade()).order?.order_ref ?? "";
      rig.desk.event(stateEvent(rig, coid, "working"));
      const looks = () =>
        rig.jobs.filter(({ operation }) => operation === "orders.reconcile").length;
      rig.pc.book = [bookRow(coid)];
      rig.desk.connected();
      rig.clock.now += 1_000;
      await rig.desk.alarm();
      const before = looks();
      // What says the same again has nothing read.
      rig.desk.event(rowEvent(rig, coid, {}));
      expect(findIntent(sql, coid)).toMatchObject({ state: "working", look_at: null });
      const over =
        status === "filled"
          ? ({ status, filled: "1", remaining: "0" } as const)
          : ({ status } as const);
      rig.pc.book = [bookRow(coid, over)];
      rig.clock.now += 1_000;
      rig.desk.event(rowEvent(rig, coid, over));
      expect(rig.desk.alarmAt()).toBeLessThanOrEqual(rig.clock.now + 1_000);
      await rig.desk.alarm();
      expect(findIntent(sql, coid)).toMatchObject({ state: status, look_at: null });
      expect(looks()).toBe(before + 1);
      rig.desk.event(rowEvent(rig, coid, over));
      expect(findIntent(sql, coid)?.look_at).toBeNull();
    },
  );

  it("is looked for when it begins to fill", async () => {
    const rig = tradingRig();
    const coid = (await rig.trade()).order?.order_ref ?? "";
    rig.desk.event(stateEvent(rig, coid, "working"));
    rig.desk.event(rowEvent(rig, coid, { filled: "0.5", remaining: "0.5" }));
    expect(findIntent(rig.parts.storage.sql, coid)?.look_at).toBe(rig.clock.now);
  });
});

describe("a PC that is taken back into use", () => {
  /** Seen as working by the first PC, cancelled by the second one. */
  async function cancelledElsewhere() {
    const rig = tradingRig();
    const coid = (await rig.trade()).order?.order_ref ?? "";
    rig.desk.event(stateEvent(rig, coid, "working"));
    const stale = stateEvent(rig, coid, "working");
    rig.clock.now += 60_000;
    rig.pc.book = [bookRow(coid, { status: "cancelled" })];
    rig.desk.event(rowEvent(rig, coid, { status: "cancelled" }));
    await rig.desk.alarm();
    const state = () => findIntent(rig.parts.storage.sql, coid)?.state;
    expect(state()).toBe("cancelled");
    rig.clock.now += 60_000;
    return { rig, coid, stale, state };
  }

  it("does not bring back to life what it saw working before the order ended", async () => {
    const { rig, stale, state } = await cancelledElsewhere();
    rig.desk.event(stale);
    expect(state()).toBe("cancelled");
    expect(listAlerts(rig.parts.storage.sql, 50)).toEqual([]);
  });

  it("does so with what it has seen since, and the owner is told", async () => {
    const { rig, coid, state } = await cancelledElsewhere();
    rig.desk.event(stateEvent(rig, coid, "working"));
    expect(state()).toBe("working");
    expect(listAlerts(rig.parts.storage.sql, 50)).toMatchObject([{ kind: "resurrected" }]);
  });

  it("is believed, however late, where it saw an order that is called never placed", async () => {
    const rig = tradingRig();
    rig.pc.place = lost;
    const coid = (await rig.trade()).order?.order_ref ?? "";
    const { sql } = rig.parts.storage;
    const seen = stateEvent(rig, coid, "working");
    rig.clock.now += 600_000;
    applyEvidence(
      rig.parts.storage,
      coid,
      {
        source: "quiet_period",
        says: "absent",
        filled: null,
        remaining: null,
        at: new Date(rig.clock.now).toISOString(),
      },
      rig.clock.now,
      rig.parts.log,
    );
    expect(findIntent(sql, coid)?.state).toBe("rejected");
    rig.desk.event(seen);
    expect(findIntent(sql, coid)?.state).toBe("working");
  });
});

describe("an order that the PC in use cannot explain", () => {
  const alarm = (rig: TradingRig, over: { coid: string | null; intent_hash?: string }) => ({
    type: "broker.alert",
    payload: {
      kind: "intent_alert",
      event_key: `alert|unexplained_order|${JSON.stringify(over)}`,
      source: "simulator",
      observed_at: new Date(rig.clock.now).toISOString(),
      alert: "unexplained_order",
      account_id: ACCOUNT,
      intent_hash: null,
      message: "An order at the broker bears a reference that this PC never sent.",
      broker_text: null,
      cancel_offered: ["501"],
      ...over,
    },
  });
  const alerts = (rig: TradingRig) => listAlerts(rig.parts.storage.sql, 50).length;

  it("is no alarm where its intent, its yes and its leaf are here", async () => {
    const rig = tradingRig();
    const coid = (await rig.trade()).order?.order_ref ?? "";
    rig.desk.event(stateEvent(rig, coid, "working"));
    rig.desk.event(alarm(rig, { coid }));
    rig.desk.event(alarm(rig, { coid: `${coid}-a` }));
    rig.desk.event(alarm(rig, { coid: null }));
    expect(alerts(rig)).toBe(0);
    rig.desk.event(alarm(rig, { coid: "ieg1-00000000000000000000000000ff" }));
    expect(alerts(rig)).toBe(1);
    // More orders under one reference than were sent: told with its intent, by the PC that sent it.
    rig.desk.event(alarm(rig, { coid, intent_hash: "a".repeat(64) }));
    expect(alerts(rig)).toBe(2);
    rig.parts.storage.sql.exec("UPDATE order_approvals SET state = 'denied'");
    rig.desk.event(alarm(rig, { coid }));
    expect(alerts(rig)).toBe(3);
  });
});

/** Every row but the times at which a row was last touched. */
function dump(rig: TradingRig): Record<string, unknown[]> {
  const { sql } = rig.parts.storage;
  const tables = sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'order_%' OR name = 'audit_log')",
    )
    .toArray();
  return Object.fromEntries(
    tables.map(({ name }) => [
      name,
      sql
        .exec(`SELECT * FROM ${name}`)
        .toArray()
        .map((row) => {
          const { updated_at: _touched, outcome: told, ...rest } = row;
          const at = /"at":"[^"]*"/g;
          return { ...rest, outcome: typeof told === "string" ? told.replace(at, "") : told };
        }),
    ]),
  );
}
