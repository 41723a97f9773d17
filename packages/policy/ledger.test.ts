import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verdictOf } from "../../test/support/policy.ts";
import { shortOption } from "../../test/support/policy-cases/tweaks.ts";
import { inDailyWindow, minuteOfDay } from "./daily-window.ts";
import { defaultPolicy } from "./defaults.ts";
import { headroomOf } from "./headroom.ts";
import { KILL_ACTORS, killBlocks, killCovers, mayEngage, mayLift } from "./kill-table.ts";
import {
  clientUsageOf,
  type OrderLedgerEntry,
  release,
  reserve,
  roundTripsOf,
  settleEntry,
  usageOf,
} from "./ledger.ts";
import { stateByLoss, tighterState } from "./trading-state.ts";

const NOW_MS = Date.parse("2026-11-20T15:00:00.000Z");
const entry = (over: Partial<OrderLedgerEntry> = {}): OrderLedgerEntry => ({
  id: "1",
  client_id: "client-1",
  kind: "order",
  side: "BUY",
  sold_option: false,
  conid: 265598,
  orders: 1,
  notional: "100",
  filled_notional: null,
  at_ms: NOW_MS,
  day: "2026-11-20",
  state: "reserved",
  seen: false,
  ...over,
});
const at = { nowMs: NOW_MS, day: "2026-11-20", fillsToday: 0, roundTrips: 0 };
const list = (change: ReturnType<typeof reserve>) => (change.ok ? change.entries : []);

describe("the ledger", () => {
  it("counts a reservation at once, with the worst it may come to, and gives it back once", () => {
    const one = list(reserve([], entry()));
    expect(usageOf(one, at)).toMatchObject({
      orders_today: 1,
      buy_notional_today: "100",
      turnover_today: "100",
      inflight_orders: 1,
      inflight_notional: "100",
    });
    const back = list(release(one, "1"));
    expect(usageOf(back, at)).toMatchObject({
      orders_today: 0,
      turnover_today: "0",
      inflight_orders: 0,
    });
    expect(release(back, "1")).toMatchObject({ ok: true });
    expect(settleEntry(back, "1", "100")).toEqual({ ok: false, reason: "final" });
  });

  it("counts an option that was sold to open with the purchases, and no other sale", () => {
    const sold = entry({ id: "2", side: "SELL", notional: "50000", sold_option: true });
    const closed = entry({ id: "3", side: "SELL", notional: "7" });
    expect(usageOf([entry(), sold, closed], at).buy_notional_today).toBe("50100");
    // A put of strike 180 obliges to 18,000: above the 10,000 of a new account's day.
    const failed = verdictOf(shortOption).failures.map(({ check }) => check);
    expect(failed).toContain("buy-notional-per-day");
  });

  it("counts what filled once the end is proved, and the order all the same", () => {
    const done = list(settleEntry(list(reserve([], entry())), "1", "40"));
    expect(usageOf(done, at)).toMatchObject({
      orders_today: 1,
      turnover_today: "40",
      inflight_orders: 0,
    });
    expect(release(done, "1")).toEqual({ ok: false, reason: "final" });
    expect(reserve(done, entry())).toEqual({ ok: false, reason: "exists" });
    expect(release([], "1")).toEqual({ ok: false, reason: "missing" });
  });

  it("has windows that end, days that change, and agents that are told apart", () => {
    const entries = [
      entry({ id: "1", at_ms: NOW_MS - 999 }),
      entry({ id: "2", at_ms: NOW_MS - 1_000, client_id: "client-2", side: "SELL" }),
      entry({ id: "3", at_ms: NOW_MS - 60_000, kind: "cancel" }),
      entry({ id: "4", at_ms: NOW_MS - 86_400_000, day: "2026-11-19", state: "settled" }),
    ];
    expect(usageOf(entries, at)).toMatchObject({
      orders_last_second: 1,
      orders_last_minute: 2,
      orders_last_hour: 2,
      orders_today: 2,
      messages_last_minute: 2,
      cancels_today: 1,
      buy_notional_today: "100",
      turnover_today: "200",
    });
    expect(clientUsageOf(entries, "client-2", at.day)).toEqual({
      orders_today: 1,
      notional_today: "100",
    });
  });

  it("knows a sum with an unknown part for unknown", () => {
    expect(usageOf([entry({ notional: null })], at)).toMatchObject({
      turnover_today: null,
      inflight_notional: null,
      orders_today: 1,
    });
  });

  it("whatever is reserved, settled and released in whatever order, the sums are those of what stands", () => {
    const act = fc.record({
      what: fc.constantFrom("reserve", "settle", "release"),
      id: fc.integer({ min: 1, max: 6 }).map(String),
      value: fc.nat(1_000),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let entries: OrderLedgerEntry[] = [];
        const model = new Map<string, { worst: number; filled: number | null; gone: boolean }>();
        for (const { what, id, value } of acts) {
          const known = model.get(id);
          if (what === "reserve") {
            const change = reserve(entries, entry({ id, notional: String(value) }));
            expect(change.ok).toBe(known === undefined);
            if (change.ok) {
              entries = change.entries;
              model.set(id, { worst: value, filled: null, gone: false });
            }
          } else if (what === "settle") {
            const change = settleEntry(entries, id, String(value));
            expect(change.ok).toBe(known !== undefined && !known.gone);
            if (change.ok && known !== undefined) {
              entries = change.entries;
              known.filled = value;
            }
          } else {
            const change = release(entries, id);
            expect(change.ok).toBe(known !== undefined && known.filled === null);
            if (change.ok && known !== undefined) {
              entries = change.entries;
              known.gone = true;
            }
          }
        }
        const standing = [...model.values()].filter(({ gone }) => !gone);
        const sum = standing.reduce((total, { worst, filled }) => total + (filled ?? worst), 0);
        expect(usageOf(entries, at)).toMatchObject({
          orders_today: standing.length,
          turnover_today: String(sum),
          inflight_orders: standing.filter(({ filled }) => filled === null).length,
        });
      }),
    );
  });

  it("counts a day trade each time the direction in a contract turns", () => {
    const fill = (side: "BUY" | "SELL", minute: number, conid = 1) => ({
      conid,
      side,
      quantity: "1",
      at: `2026-11-20T15:${String(minute).padStart(2, "0")}:00.000Z`,
    });
    expect(roundTripsOf([])).toBe(0);
    expect(roundTripsOf([fill("BUY", 1), fill("BUY", 2)])).toBe(0);
    expect(
      roundTripsOf([fill("SELL", 3), fill("BUY", 1), fill("SELL", 2), fill("BUY", 1, 2)]),
    ).toBe(1);
    expect(roundTripsOf([fill("BUY", 1), fill("SELL", 2), fill("BUY", 3), fill("SELL", 4)])).toBe(
      3,
    );
  });
});

describe("headroom", () => {
  it("is told for every limit that is set, never below zero, unknown when the use is", () => {
    const policy = defaultPolicy("DU1234567", "paper");
    const used = usageOf([entry({ notional: "20001" })], at);
    const status = new Map(headroomOf(used, policy).map((each) => [each.limit, each]));
    expect(status.get("cumulative.max_orders_per_day")).toEqual({
      limit: "cumulative.max_orders_per_day",
      used: "1",
      bound: "30",
      headroom: "29",
    });
    expect(status.get("cumulative.max_turnover_per_day")?.headroom).toBe("0");
    expect(status.has("cumulative.max_round_trips")).toBe(false);
    expect(headroomOf(null, policy).every(({ headroom }) => headroom === null)).toBe(true);
  });
});

describe("the kill switch", () => {
  it("blocks entries and changes, never a cancel or an order that only reduces", () => {
    const table = (["place", "modify", "cancel"] as const).map((action) =>
      (["entry", "flip", null, "exit"] as const).map((effect) => killBlocks(action, effect)),
    );
    expect(table).toEqual([
      [true, true, true, false],
      [true, true, true, true],
      [false, false, false, false],
    ]);
  });

  it("covers by its scope, an agent's own only that agent", () => {
    const request = { brokerAccountId: "DU1", clientId: "a" };
    expect(killCovers({ scope: "gateway", subject: null }, request)).toBe(true);
    expect(killCovers({ scope: "sidecar", subject: null }, request)).toBe(true);
    expect(killCovers({ scope: "broker_account", subject: "DU1" }, request)).toBe(true);
    expect(killCovers({ scope: "broker_account", subject: "DU2" }, request)).toBe(false);
    expect(killCovers({ scope: "agent", subject: "a" }, request)).toBe(true);
    expect(killCovers({ scope: "agent", subject: "b" }, request)).toBe(false);
    expect(killCovers({ scope: "agent", subject: null }, { ...request, clientId: null })).toBe(
      true,
    );
  });

  it("anyone engages it, the owner alone lifts it", () => {
    expect(KILL_ACTORS.map((actor) => [mayEngage(actor), mayLift(actor)])).toEqual([
      [true, true],
      [true, false],
      [true, false],
      [true, false],
    ]);
  });
});

describe("the state that losses ask for", () => {
  const policy = defaultPolicy("DU1234567", "live");
  policy.behaviour.max_drawdown_percent = "10";
  const state = (daily_pnl: string | null, net_liquidation = "10000") =>
    stateByLoss({ daily_pnl, net_liquidation, peak_net_liquidation: "10000" }, policy);

  it("tightens by steps and never by what is unknown", () => {
    expect(["-100", "-100.01", "-200", "-200.01", "500", null].map((pnl) => state(pnl))).toEqual([
      "active",
      "reducing",
      "reducing",
      "halted",
      "active",
      "active",
    ]);
    expect(state("0", "9000")).toBe("active");
    expect(state("0", "8999.99")).toBe("halted");
    expect(tighterState("halted", "reducing")).toBe("halted");
  });
});

describe("daily windows", () => {
  it("follow the zone's own clock over its changes, and run over midnight", () => {
    expect(minuteOfDay("America/New_York", Date.parse("2026-10-31T14:00:00Z"))).toBe(600);
    expect(minuteOfDay("America/New_York", Date.parse("2026-11-02T15:00:00Z"))).toBe(600);
    const night = { from: "23:45", to: "00:45", zone: "America/New_York" };
    const at2345 = Date.parse("2026-11-20T04:45:00Z");
    expect(
      [0, 59, 60, -1].map((minutes) => inDailyWindow(night, at2345 + minutes * 60_000)),
    ).toEqual([true, true, false, false]);
  });
});
