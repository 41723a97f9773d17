import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";

/** The same fill again and again is a loop more often than a plan: pause and ask. */
export const repeatedExecutionCheck: Check = {
  number: 40,
  name: "repeated-execution",
  code: "REPEATED_EXECUTION",
  stage: "cumulative",
  scope: "entries",
  means: "The same order has not filled again and again in a short time.",
  evaluate({ snapshot, policy, figures }) {
    const { repeat_times, repeat_minutes, repeat_tolerance_percent } = policy.cumulative;
    if (repeat_times === null || repeat_minutes === null) return OFF;
    const { fills, own_open } = snapshot.edge;
    if (fills === null || own_open === null) return unknown("The latest fills");
    const { quantity, leg } = figures;
    if (quantity === null) return OFF;
    const tolerance = quantity.times(dec(repeat_tolerance_percent ?? "0")).dividedBy(100);
    // An order that has not ended may be such a fill in a moment.
    const open = own_open
      .filter(({ change }) => change === undefined)
      .map((order) => ({ ...order, at: order.placed_at }));
    const alike = [...fills, ...open].filter(
      (each) =>
        each.conid === leg.contract.conid &&
        each.side === leg.side &&
        figures.nowMs - Date.parse(each.at) < repeat_minutes * 60_000 &&
        each.quantity !== null &&
        dec(each.quantity).minus(quantity).abs().lessThanOrEqualTo(tolerance),
    );
    return atMost({
      what: `The number of such fills in ${counted(repeat_minutes, "minute")}, with this one,`,
      observed: alike.length + 1,
      limit: repeat_times,
      source: "gateway.intents",
      as_of: snapshot.now,
    });
  },
};
