import type { OpenOrder } from "@ibkr-edge-gateway/policy/snapshot.ts";
import type { WorkingOrderFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { describe, expect, it } from "vitest";
import { aLeg, anOrder, NOW } from "../../../../test/support/orders.ts";
import { factsAt } from "../../../../test/support/policy.ts";
import { besideOthers } from "./exit-beside-others.ts";

const REF = `ieg1-${"a".repeat(32)}`;
const leg = (quantity: string) => aLeg({ side: "SELL", quantity });
const { conid } = leg("1").contract;

/** One of ours that sells 60 of 100, as the PC's list shows it. */
const listed = (over: Partial<WorkingOrderFact> = {}): WorkingOrderFact => ({
  ...{ order_id: "77", order_ref: REF, parent_ref: null, foreign: false, conid, side: "SELL" },
  ...{ order_type: "LMT", remaining: "60", limit_price: "200", stop_price: null, notional: null },
  ...{ exit_only: false, oca_group: null, ...over },
});
const STOP = { order_type: "STP", limit_price: null, stop_price: "170" } as const;
/** The same as this object has it. */
const row = (over: Partial<OpenOrder> = {}): OpenOrder => ({
  ...{ order_ref: REF, conid, side: "SELL", asset_class: "STK", quantity: "60", notional: null },
  ...{ placed_at: NOW, exit: true, in_flight: true, ...over },
});
/** What an order of so many is, of the 100 that are held. */
function judged(
  order: ReturnType<typeof anOrder>,
  working: WorkingOrderFact[],
  own: OpenOrder[],
  stops: readonly string[] = [],
): string | undefined {
  const beside = working.some(({ order_id }) => order_id !== order.target?.order_id);
  const taken = beside && stops.length === 0 ? "60" : "0";
  const effect = { kind: "exit" as const, position: "100", working_same_side: taken, at: NOW };
  return besideOthers({ ...factsAt(NOW), effect, working }, order, own, (ref) =>
    stops.includes(ref),
  ).effect?.kind;
}
const sell = (quantity: string) => anOrder({ legs: [leg(quantity)] });

describe("an exit beside what this account let out", () => {
  it("takes no more than what no list shows yet leaves", () => {
    expect(judged(sell("40"), [], [row()])).toBe("exit");
    expect(judged(sell("41"), [], [row()])).toBe("flip");
    expect(judged(sell("1"), [], [row({ quantity: null })])).toBe("flip");
  });

  it("is not held up for ever by one in doubt that proved books do not show", () => {
    expect(judged(sell("100"), [], [row({ not_shown: true })])).toBe("exit");
    const other = row({ order_ref: `ieg1-${"b".repeat(32)}`, quantity: "30" });
    expect(judged(sell("70"), [], [row({ not_shown: true }), other])).toBe("exit");
    expect(judged(sell("71"), [], [row({ not_shown: true }), other])).toBe("flip");
  });

  it("counts that one where the position is not proved now but was before: it may have filled since", () => {
    const byProof = (quantity: string) =>
      besideOthers(
        {
          ...factsAt(NOW),
          effect: {
            ...{ kind: "exit" as const, position: "100", working_same_side: "0", at: NOW },
            by_last_proof: true,
          },
          working: [],
        },
        sell(quantity),
        [row({ not_shown: true })],
        () => false,
      ).effect?.kind;
    expect(byProof("40")).toBe("exit");
    expect(byProof("41")).toBe("flip");
  });

  it("counts an order once that the PC's list shows without its reference", () => {
    const unnamed = listed({ order_ref: null });
    expect(judged(sell("40"), [unnamed], [row()])).toBe("exit");
    expect(judged(sell("41"), [unnamed], [row()])).toBe("flip");
    // Beside it another one that no list shows.
    const other = row({ order_ref: `ieg1-${"b".repeat(32)}`, quantity: "30" });
    expect(judged(sell("10"), [unnamed], [row(), other])).toBe("exit");
    expect(judged(sell("11"), [unnamed], [row(), other])).toBe("flip");
  });

  it("that changes such an order is not held against that order itself", () => {
    const target = {
      ...{ order_id: "77", order_ref: null, foreign: false, before: leg("60") },
      filled_quantity: "0",
    };
    const change = anOrder({ action: "modify", target, legs: [leg("100")] });
    expect(judged(change, [listed({ order_ref: null })], [row()])).toBe("exit");
  });

  it("is not held up by a stop of ours that protects the position, shown or not yet", () => {
    const stop = { order_type: "STP", remaining: "100" };
    const other = row({ order_ref: `ieg1-${"b".repeat(32)}`, quantity: "30" });
    for (const working of [[], [listed(stop)], [listed({ ...stop, order_ref: null })]]) {
      const own = [row({ quantity: "100", in_flight: working.length === 0 }), other];
      expect(judged(sell("70"), working, own, [REF])).toBe("exit");
      expect(judged(sell("71"), working, own, [REF])).toBe("flip");
    }
    // A second stop beside it would trigger as well.
    const second = anOrder({ legs: [aLeg({ side: "SELL", ...STOP, quantity: "1" })] });
    expect(judged(second, [], [row({ quantity: "100" })], [REF])).toBe("flip");
  });

  it("is not eased by somebody else's order without a reference", () => {
    const foreign = listed({ order_ref: null, foreign: true, remaining: "60" });
    expect(judged(sell("40"), [foreign], [row()])).toBe("flip");
  });
});
