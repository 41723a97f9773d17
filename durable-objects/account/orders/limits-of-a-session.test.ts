import { describe, expect, it } from "vitest";
import { ACCOUNT } from "../../../test/support/order-desk.ts";
import { aSnapshot } from "../../../test/support/policy.ts";
import { type TradingRig, tradingRig } from "../../../test/support/trading-rig.ts";
import { limitsOf } from "./agent/limits-status.ts";
import { findIntent } from "./tables/intents/rows.ts";

/** Orders sent while nothing trades all fill at one opening: they share the limits of its day. */
const MONDAY = {
  until: "2026-11-23T14:30:00.000Z",
  time_zone: "America/New_York",
  session: "2026-11-23",
};
const WHEN = {
  saturday: "2026-11-21T15:00:00.000Z",
  sunday: "2026-11-22T15:00:00.000Z",
  beforeOpen: "2026-11-23T12:00:00.000Z",
  afterOpen: "2026-11-23T15:00:00.000Z",
  tuesday: "2026-11-24T15:00:00.000Z",
} as const;

async function send(rig: TradingRig, at: string, waits: typeof MONDAY | null) {
  rig.clock.now = Date.parse(at);
  const { instrument } = structuredClone(aSnapshot().facts);
  if (instrument === null) throw new Error("no instrument");
  rig.pc.facts = { instrument: { ...instrument, waits, at } };
  return rig.trade().finally(() => rig.copied());
}

const rigOf = (orders: number) =>
  tradingRig((policy) => {
    policy.cumulative.max_orders_per_day = orders;
    policy.behaviour.duplicate_window_seconds = null;
  });
const usedToday = (rig: TradingRig) =>
  limitsOf(rig.parts, ACCOUNT).limits.find(({ limit }) => limit.endsWith("max_orders_per_day"))
    ?.used;

describe("the day whose limits an order counts against", () => {
  it("is the session that it waits for: a weekend's orders have one day's limits", async () => {
    const rig = rigOf(2);
    const first = await send(rig, WHEN.saturday, MONDAY);
    const { sql } = rig.parts.storage;
    expect(findIntent(sql, first.order?.order_ref ?? "")?.day).toBe("2026-11-23");
    expect(usedToday(rig)).toBe("1");
    expect((await send(rig, WHEN.sunday, MONDAY)).refusals).toEqual([]);
    await expect(send(rig, WHEN.beforeOpen, MONDAY)).rejects.toThrow("SESSION_ORDER_LIMIT_REFUSED");
    // What ended meanwhile was sent all the same, and the session's own orders come on top of it.
    sql.exec("UPDATE order_intents SET state = 'filled', ledger = 'settled'");
    await expect(send(rig, WHEN.afterOpen, null)).rejects.toThrow("SESSION_ORDER_LIMIT_REFUSED");
    expect(usedToday(rig)).toBe("2");
    expect((await send(rig, WHEN.tuesday, null)).refusals).toEqual([]);
  });

  it("holds back no exit", async () => {
    const rig = rigOf(1);
    await send(rig, WHEN.saturday, MONDAY);
    rig.pc.effect = "exit";
    expect((await send(rig, WHEN.sunday, MONDAY)).refusals).toEqual([]);
  });
});
