import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { AAPL, aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { besideNote, withoutOwnStops } from "./leftover-exits.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const STOP = { side: "SELL", order_type: "STP", limit_price: null, stop_price: "180" } as const;
const flatten = anOrder({ legs: [aLeg({ side: "SELL", quantity: "10" })] });
const stop = anOrder({ legs: [aLeg({ ...STOP, quantity: "10" })] });

/** An exit of this PC's as it stands in the journal. */
function own(n: number, over: Partial<IntentRecord>, order = stop): IntentRecord {
  const record = anIntentRecord(n);
  const [part] = record.orders;
  if (part === undefined) throw new Error("the record has no order");
  return {
    ...record,
    sent: true,
    state: "working",
    effect: "exit",
    ticket: aTicket(order),
    orders: [{ ...part, order_id: String(500 + n), state: "working" }],
    ...over,
  };
}
const fact = (record: IntentRecord, over: Partial<WorkingOrderFact> = {}): WorkingOrderFact => ({
  order_id: record.orders[0]?.order_id ?? "",
  order_ref: record.coid,
  parent_ref: null,
  foreign: false,
  conid: AAPL.conid,
  side: "SELL",
  order_type: "STP",
  remaining: "10",
  limit_price: null,
  stop_price: "180",
  notional: null,
  exit_only: false,
  oca_group: null,
  ...over,
});
const position = {
  conid: AAPL.conid,
  quantity: "10",
  value: null,
  asset_class: "STK",
  issuer: null,
  sector: null,
  country: null,
  currency: "USD",
};
const kept = (record: IntentRecord) => {
  pc.store.insert(record);
  pc.store.save(record);
  return record;
};
const kindOf = (order: typeof flatten, working: WorkingOrderFact[]) =>
  effectOf(order, [position], withoutOwnStops(order, working, pc.store), NOW)?.kind;

describe("closing a position beside the stop that protects it", () => {
  it("is an exit and names what keeps working; beside a foreign stop it would turn the position", () => {
    const protects = fact(kept(own(1, {})));
    expect(kindOf(flatten, [protects])).toBe("exit");
    expect(besideNote(flatten, [protects], pc.store)).toContain("1 order (501)");
    const foreign = { ...protects, order_id: "9", order_ref: null, foreign: true };
    expect(kindOf(flatten, [foreign])).toBe("flip");
    expect(besideNote(flatten, [foreign], pc.store)).toBeNull();
  });

  it("is no exit beside a limit order of our own, nor is a second stop beside the first", () => {
    const limit = kept(own(1, {}, flatten));
    expect(kindOf(flatten, [fact(limit, { order_type: "LMT" })])).toBe("flip");
    expect(kindOf(stop, [fact(kept(own(2, {})))])).toBe("flip");
  });
});

describe("an exit that has filled", () => {
  const alerts = () =>
    pc.told.flatMap(({ type, payload }) => (type === "broker.alert" ? [payload] : []));
  const fill = async (coid: string) => {
    pc.submit.progress.apply(coid, {
      source: "trades",
      says: "filled",
      filled: "10",
      remaining: "0",
      at: NOW,
    });
    await Promise.resolve();
    await Promise.resolve();
  };

  it("tells the owner of the stop that still works, and offers to cancel it", async () => {
    kept(own(1, {}));
    const exit = kept(own(2, {}, flatten));
    await fill(exit.coid);
    expect(alerts()).toMatchObject([{ alert: "needs_owner", cancel_offered: ["501"] }]);
  });

  it("says nothing where nothing is left", async () => {
    kept(own(1, { state: "cancelled" }));
    const exit = kept(own(2, {}, flatten));
    await fill(exit.coid);
    expect(alerts()).toEqual([]);
  });
});
