import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AAPL, aLeg, anOrder, anyOrder, NOW } from "../../../../test/support/orders.ts";
import { capFaults } from "./cap-faults.ts";
import { type Caps, type CapsUsage, DEFAULT_CAPS, leastTier, parseCaps, readCaps } from "./caps.ts";
import {
  engageKillSwitch,
  killFaults,
  liftKillSwitch,
  readKillSwitch,
} from "./kill-switch-file.ts";

const effect = (kind: Effect["kind"]): Effect => ({
  kind,
  position: "1",
  working_same_side: "0",
  at: NOW,
});
const USAGE: CapsUsage = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "0" };

const rules = (
  over: {
    caps?: Partial<Caps>;
    paper?: Partial<Caps["paper"]>;
    order?: CanonicalOrder;
    notional?: string | null;
    units?: string | null;
    kind?: Effect["kind"] | null;
    usage?: Partial<CapsUsage>;
  } = {},
) =>
  capFaults(
    {
      ok: true,
      caps: { ...DEFAULT_CAPS, ...over.caps, paper: { ...DEFAULT_CAPS.paper, ...over.paper } },
    },
    over.order ?? anOrder(),
    {
      notional: over.notional === undefined ? "187.25" : over.notional,
      missing: null,
      units: over.units === undefined ? "1" : over.units,
      effect: over.kind === null ? null : effect(over.kind ?? "entry"),
      usage: { ...USAGE, ...over.usage },
    },
  ).map(({ rule }) => rule);

const live = anOrder({ account_id: "U1234567", mode: "live" });

describe("the caps of this PC", () => {
  it("let a newcomer's small paper order pass and no live one", () => {
    expect(rules()).toEqual([]);
    expect(rules({ order: live })).toEqual(["account_listed", "mode_enabled"]);
  });

  it("hold at the bound and beyond it", () => {
    expect(rules({ notional: "10000" })).toEqual([]);
    expect(rules({ notional: "10000.01" })).toEqual(["max_notional"]);
    expect(rules({ units: "1000" })).toEqual([]);
    expect(rules({ units: "1000.5" })).toEqual(["max_quantity"]);
    expect(rules({ usage: { ordersLastMinute: 5 } })).toEqual([]);
    expect(rules({ usage: { ordersLastMinute: 6 } })).toEqual(["max_orders_per_minute"]);
    expect(rules({ usage: { ordersToday: 50 } })).toEqual(["max_orders_per_day"]);
    expect(rules({ usage: { dailyPnl: "-4999.99" } })).toEqual([]);
    expect(rules({ usage: { dailyPnl: "-5000" } })).toEqual(["max_daily_loss"]);
    expect(rules({ paper: { order_types: ["MKT"] } })).toEqual(["order_types"]);
    const future = anOrder({ legs: [aLeg({ contract: { ...AAPL, asset_class: "FUT" } })] });
    expect(rules({ paper: { asset_classes: ["STK"] }, order: future })).toEqual(["asset_classes"]);
    expect(rules({ caps: { any_paper: false } })).toEqual(["account_listed"]);
  });

  it("take the unknown for too much", () => {
    expect(rules({ notional: null })).toEqual(["max_notional"]);
    expect(rules({ units: null })).toEqual(["max_quantity"]);
    expect(rules({ usage: { dailyPnl: null } })).toEqual(["max_daily_loss"]);
    expect(rules({ kind: null, usage: { ordersToday: 99 } })).toEqual(["max_orders_per_day"]);
  });

  it("allow a call that is sold to open by name alone, and hold none that closes", () => {
    const call = aLeg({
      side: "SELL",
      contract: { ...AAPL, asset_class: "OPT", multiplier: "100", right: "C", strike: "200" },
    });
    const order = anOrder({ legs: [call] });
    for (const kind of ["entry", "flip", null] as const) {
      expect(rules({ order, kind })).toEqual(["uncovered_calls"]);
      expect(rules({ order, kind, paper: { uncovered_calls: true } })).toEqual([]);
    }
    expect(rules({ order, kind: "exit" })).toEqual([]);
    const put = { ...call, contract: { ...call.contract, right: "P" as const } };
    expect(rules({ order: anOrder({ legs: [put] }) })).toEqual([]);
    const before = JSON.parse(JSON.stringify(DEFAULT_CAPS)) as Record<string, object>;
    expect(parseCaps(JSON.stringify(before)).ok).toBe(true);
  });

  it("allow short sales on paper and not live, and in files from before the cap", () => {
    const { short_sales: _paper, ...paper } = DEFAULT_CAPS.paper;
    const { short_sales: _live, ...live } = DEFAULT_CAPS.live;
    const file = parseCaps(JSON.stringify({ ...DEFAULT_CAPS, paper, live }));
    expect(file).toEqual({ ok: true, caps: DEFAULT_CAPS });
    const order = anOrder({ legs: [aLeg({ side: "SELL" })] });
    expect(rules({ order })).toEqual([]);
    expect(rules({ order, paper: { short_sales: false } })).toEqual(["short_sales"]);
    expect(rules({ order, kind: "exit", paper: { short_sales: false } })).toEqual([]);
    expect([DEFAULT_CAPS.paper.short_sales, DEFAULT_CAPS.live.short_sales]).toEqual([true, false]);
  });

  it("never hold back an exit by an amount, a count, a type or a loss, nor a cancel by anything but its account", () => {
    fc.assert(
      fc.property(anyOrder, fc.nat(), fc.nat(), (order, perMinute, perDay) => {
        const usage = { ordersLastMinute: perMinute, ordersToday: perDay, dailyPnl: null };
        const closed = {
          max_orders_per_day: 0,
          order_types: [],
          asset_classes: [],
          max_notional: "0",
          enabled: false,
        };
        expect(rules({ order, kind: "exit", usage, notional: null, paper: closed })).toEqual([]);
        expect(
          rules({ order: { ...order, action: "cancel" }, usage, paper: { enabled: false } }),
        ).toEqual([]);
      }),
    );
  });

  it("stop every entry and flip, and no exit or cancel, when their file is wrong", () => {
    for (const text of ["", "{", "{}", '{"v":1}', JSON.stringify({ ...DEFAULT_CAPS, extra: 1 })]) {
      const file = parseCaps(text);
      expect(file.ok).toBe(false);
      const numbers = {
        notional: "1",
        missing: null,
        units: "1",
        effect: effect("exit"),
        usage: USAGE,
      };
      expect(capFaults(file, anOrder(), numbers)).toEqual([]);
      for (const what of [effect("entry"), effect("flip"), null]) {
        expect(
          capFaults(file, anOrder(), { ...numbers, effect: what }).map(({ rule }) => rule),
        ).toEqual(["caps_file_valid"]);
      }
      expect(capFaults(file, anOrder({ action: "cancel" }), numbers)).toEqual([]);
    }
    expect(parseCaps(JSON.stringify({ ...DEFAULT_CAPS, max_price_drift_bps: 200 })).ok).toBe(false);
  });

  it("come from the file, or are the defaults where there is none", () => {
    const folder = mkdtempSync(join(tmpdir(), "caps-"));
    expect(readCaps(join(folder, "caps.json"))).toEqual({ ok: true, caps: DEFAULT_CAPS });
    writeFileSync(join(folder, "caps.json"), JSON.stringify({ ...DEFAULT_CAPS, any_paper: false }));
    expect(readCaps(join(folder, "caps.json"))).toMatchObject({
      ok: true,
      caps: { any_paper: false },
    });
    expect(readCaps(folder).ok).toBe(false);
  });

  it("ask for the second tier from their own amount on, for live by default", () => {
    // Live by default: every order, an exit too, since a tap alone may have been meant for a sign-in.
    expect(leastTier(DEFAULT_CAPS, live, "0")).toBe(2);
    expect(leastTier(DEFAULT_CAPS, live, "0.01")).toBe(2);
    expect(leastTier(DEFAULT_CAPS, live, null)).toBe(2);
    expect(leastTier(DEFAULT_CAPS, anOrder(), "999999")).toBe(1);
    const raised = {
      ...DEFAULT_CAPS,
      live: { ...DEFAULT_CAPS.live, tier_two_from_notional: "1000" },
    };
    expect(leastTier(raised, live, "999.99")).toBe(1);
    expect(leastTier(raised, live, "1000")).toBe(2);
  });
});

describe("the kill switch of this PC", () => {
  const file = () => join(mkdtempSync(join(tmpdir(), "kill-")), "state", "kill");

  it("blocks entries and changes, and lets cancels and exits through", () => {
    const path = file();
    engageKillSwitch(path, "enough for today", Date.parse(NOW));
    const state = readKillSwitch(path);
    expect(state).toEqual({ engaged: true, since: NOW, reason: "enough for today" });
    const blocked = (action: CanonicalOrder["action"], kind: Effect["kind"] | null) =>
      killFaults(state, anOrder({ action }), kind === null ? null : effect(kind)).length > 0;
    expect([
      blocked("place", "entry"),
      blocked("place", "flip"),
      blocked("place", null),
      blocked("modify", "entry"),
      blocked("modify", "exit"),
    ]).toEqual([true, true, true, true, true]);
    expect([blocked("place", "exit"), blocked("cancel", null)]).toEqual([false, false]);
    expect(liftKillSwitch(path)).toBe(true);
    expect(killFaults(readKillSwitch(path), anOrder(), null)).toEqual([]);
  });

  it("is engaged by any file at all, and keeps its first reason", () => {
    const folder = mkdtempSync(join(tmpdir(), "kill-"));
    const path = join(folder, "kill");
    writeFileSync(path, "\u0000{torn");
    expect(readKillSwitch(path)).toEqual({ engaged: true, since: null, reason: null });
    engageKillSwitch(path, "later", 0);
    expect(readKillSwitch(path)).toEqual({ engaged: true, since: null, reason: null });
    expect(liftKillSwitch(join(folder, "none"))).toBe(false);
  });
});
