import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../../test/support/order-desk.ts";
import { stateEvent } from "../../../../test/support/scripted-pc.ts";
import { type TradingRig, tradingRig } from "../../../../test/support/trading-rig.ts";
import { findIntent } from "../tables/intents/rows.ts";

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
