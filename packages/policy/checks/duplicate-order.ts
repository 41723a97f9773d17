import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const duplicateOrderCheck: Check = {
  number: 53,
  name: "duplicate-order",
  code: "DUPLICATE_ORDER",
  stage: "behaviour",
  scope: "entries",
  means: "The same order was not placed a moment ago, under whatever key.",
  evaluate({ snapshot, policy, figures }) {
    const seconds = policy.behaviour.duplicate_window_seconds;
    if (seconds === null || seconds === 0) return OFF;
    const { asked, economic_hash } = snapshot.edge;
    if (asked === null) return unknown("The latest orders");
    const same = asked.find(
      (order) =>
        order.outcome === "placed" &&
        order.economic_hash === economic_hash &&
        figures.nowMs - Date.parse(order.at) < seconds * 1_000,
    );
    return same === undefined
      ? pass({ source: "gateway.intents" })
      : fail(`The same order was placed less than ${counted(seconds, "second")} ago.`, {
          source: "gateway.intents",
          as_of: same.at,
        });
  },
};
