import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aBracket, aLeg, anOrder, NOW } from "../../../test/support/orders.ts";
import type { CanonicalOrder } from "./canonical-order.ts";
import { effectOf } from "./effect.ts";
import type { PositionFact, WorkingOrderFact } from "./ticket.ts";

const position = (quantity: string, conid = 265598): PositionFact => ({
  conid,
  quantity,
  value: null,
  asset_class: "STK",
  issuer: null,
  sector: null,
  country: null,
  currency: "USD",
});

const working = (over: Partial<WorkingOrderFact>): WorkingOrderFact => ({
  order_id: "1",
  order_ref: null,
  parent_ref: null,
  foreign: false,
  conid: 265598,
  side: "SELL",
  order_type: "LMT",
  remaining: "1",
  limit_price: null,
  stop_price: null,
  notional: null,
  exit_only: false,
  oca_group: null,
  ...over,
});

const order = (side: "BUY" | "SELL", quantity: string): CanonicalOrder =>
  anOrder({ legs: [aLeg({ side, quantity })] });

const kind = (
  asked: CanonicalOrder,
  positions: PositionFact[] | null,
  orders: WorkingOrderFact[] | null = [],
) => effectOf(asked, positions, orders, NOW)?.kind ?? null;

describe("entry, exit or flip", () => {
  it("is judged by the position", () => {
    expect(kind(order("SELL", "10"), [position("10")])).toBe("exit");
    expect(kind(order("SELL", "10.000001"), [position("10")])).toBe("flip");
    expect(kind(order("BUY", "1"), [position("10")])).toBe("entry");
    expect(kind(order("BUY", "10"), [position("-10")])).toBe("exit");
    expect(kind(order("SELL", "1"), [position("-10")])).toBe("entry");
    expect(kind(order("SELL", "1"), [])).toBe("entry");
    expect(kind(order("SELL", "1"), [position("10", 1)])).toBe("entry");
  });

  it("is unknown when either read is missing, never assumed", () => {
    expect(kind(order("SELL", "1"), null)).toBeNull();
    expect(kind(order("SELL", "1"), [position("10")], null)).toBeNull();
  });

  it("counts what already works on the same side; a group once", () => {
    const other = working({ remaining: "6" });
    expect(kind(order("SELL", "4"), [position("10")], [other])).toBe("exit");
    expect(kind(order("SELL", "5"), [position("10")], [other])).toBe("flip");
    const pair = [
      working({ order_id: "1", remaining: "6", oca_group: "g" }),
      working({ order_id: "2", remaining: "6", oca_group: "g" }),
    ];
    expect(kind(order("SELL", "4"), [position("10")], pair)).toBe("exit");
    expect(
      kind(order("SELL", "4"), [position("10")], [working({ remaining: "9", side: "BUY" })]),
    ).toBe("exit");
  });

  it("leaves out the exits of a bracket, and no other order: a flatten beside them is an exit", () => {
    const exits = [
      working({ order_id: "1", remaining: "10", exit_only: true, parent_ref: "entry" }),
      working({ order_id: "2", remaining: "10", exit_only: true, oca_group: "g" }),
    ];
    expect(kind(order("SELL", "10"), [position("10")], exits)).toBe("exit");
    expect(kind(order("SELL", "11"), [position("10")], exits)).toBe("flip");
    const flatten = working({ order_id: "3", remaining: "10" });
    expect(kind(order("SELL", "1"), [position("10")], [...exits, flatten])).toBe("flip");
  });

  it("counts a bracket's stop where the order is a stop itself: both would trigger", () => {
    const stop = { stop_price: "180", limit_price: null, order_type: "STP" } as const;
    const second = { ...order("SELL", "10") };
    const asStop = { ...second, legs: second.legs.map((leg) => ({ ...leg, ...stop })) };
    const works = working({ remaining: "10", exit_only: true, order_type: "STP" });
    expect(kind(asStop, [position("10")], [works])).toBe("flip");
    expect(kind(second, [position("10")], [works])).toBe("exit");
    const target = working({ remaining: "10", exit_only: true, order_type: "LMT" });
    expect(kind(asStop, [position("10")], [target])).toBe("exit");
  });

  it("of a change counts neither the order itself nor what it filled", () => {
    const before = aLeg({ side: "SELL", quantity: "10" });
    const change: CanonicalOrder = {
      ...order("SELL", "10"),
      action: "modify",
      target: { order_id: "7", order_ref: null, foreign: false, before, filled_quantity: "4" },
    };
    const itself = working({ order_id: "7", remaining: "6" });
    expect(kind(change, [position("6")], [itself])).toBe("exit");
    expect(kind(change, [position("5")], [itself])).toBe("flip");
  });

  it("takes a bracket for the entry it is", () => {
    expect(kind(aBracket(), [position("-100")])).toBe("entry");
  });

  it("exits admitted one after another never sell more than is held", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 50 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }),
        (heldQuantity, asks) => {
          const admitted: WorkingOrderFact[] = [];
          for (const [index, ask] of asks.entries()) {
            const asked = order("SELL", String(ask));
            if (kind(asked, [position(String(heldQuantity))], admitted) === "exit") {
              admitted.push(working({ order_id: `${index}`, remaining: String(ask) }));
            }
          }
          const sold = admitted.reduce((sum, each) => sum + Number(each.remaining), 0);
          expect(sold).toBeLessThanOrEqual(heldQuantity);
        },
      ),
    );
  });
});
