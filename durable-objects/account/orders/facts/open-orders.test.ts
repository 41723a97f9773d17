import type { PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { describe, expect, it } from "vitest";
import { QUIET_PERIOD_MS, QUIET_READS } from "../rules/outcomes/quiet-period.ts";
import type { CountedIntent } from "../tables/intents/counted.ts";
import { inFlightOf, ownOpenOrders } from "./open-orders.ts";

const READ_AT_MS = 1_000_000;
const row = (over: Partial<CountedIntent> = {}): CountedIntent => ({
  coid: "a-1",
  client_id: "client-1",
  action: "place",
  conid: 265598,
  side: "BUY",
  asset_class: "STK",
  quantity: "5",
  time_in_force: "DAY",
  economic_hash: "0".repeat(64),
  effect: "entry",
  state: "working",
  orders: 1,
  notional: "900",
  filled_notional: null,
  ledger: "reserved",
  seen: 1,
  day: "2026-11-30",
  created_at: READ_AT_MS - 60_000,
  updated_at: READ_AT_MS - 50_000,
  doubt_since: null,
  absent_reads: 0,
  ...over,
});
const inList = [{ order_ref: "a-1", parent_ref: null }] as PreviewFacts["working"];
const change = (over: Partial<CountedIntent> = {}) =>
  row({ coid: "b-1", action: "modify", quantity: "50", notional: "9000", ...over });
const inFlight = (rows: CountedIntent[]) =>
  inFlightOf(rows, ownOpenOrders(rows, inList, READ_AT_MS));

describe("what is open beside an order", () => {
  it("is in flight where the list does not show it", () => {
    expect(inFlight([row()])).toEqual({ inflight_orders: 0, inflight_notional: "0" });
    expect(inFlight([row(), row({ coid: "a-2" })])).toEqual({
      inflight_orders: 1,
      inflight_notional: "900",
    });
  });

  it.each(["submitting", "awaiting_confirmation", "accepted", "unknown", "needs_owner"] as const)(
    "counts a change that is %s with all that the order will be, and as no order more",
    (state) => {
      expect(inFlight([row(), change({ state })])).toEqual({
        inflight_orders: 0,
        inflight_notional: "9000",
      });
    },
  );

  it("counts a change no more once it was proved before the list was asked for", () => {
    const proved = { state: "working" as const, updated_at: READ_AT_MS - 1 };
    expect(inFlight([row(), change(proved)]).inflight_notional).toBe("0");
    expect(inFlight([row(), change({ ...proved, updated_at: READ_AT_MS })])).toMatchObject({
      inflight_notional: "9000",
    });
    expect(inFlight([row(), change({ ledger: "released" })]).inflight_notional).toBe("0");
  });

  it("is told apart once proved books have looked for it in vain over the quiet period", () => {
    const looked = {
      coid: "a-2",
      state: "needs_owner" as const,
      absent_reads: QUIET_READS,
      doubt_since: READ_AT_MS - QUIET_PERIOD_MS,
    };
    const notShown = (over: Partial<CountedIntent> = {}) =>
      ownOpenOrders([row({ ...looked, ...over })], inList, READ_AT_MS)[0]?.not_shown;
    expect(notShown()).toBe(true);
    expect(notShown({ absent_reads: QUIET_READS - 1 })).toBeUndefined();
    expect(notShown({ doubt_since: READ_AT_MS - QUIET_PERIOD_MS + 1 })).toBeUndefined();
    expect(notShown({ doubt_since: null })).toBeUndefined();
    expect(notShown({ state: "accepted" })).toBeUndefined();
    // It counts on for what opens a position.
    expect(inFlight([row(looked)])).toEqual({ inflight_orders: 1, inflight_notional: "900" });
  });

  it("is not known where a change in flight has no value", () => {
    expect(inFlight([row(), change({ state: "accepted", notional: null })])).toMatchObject({
      inflight_notional: null,
    });
  });
});
