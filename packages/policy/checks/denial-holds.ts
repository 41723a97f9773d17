import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const denialHoldsCheck: Check = {
  number: 58,
  name: "denial-holds",
  code: "APPROVAL_DENIED",
  stage: "approval",
  scope: "orders",
  means: "The owner has not just said no to the same order.",
  evaluate({ snapshot, policy, figures }) {
    const minutes = policy.behaviour.denial_holds_minutes;
    if (minutes === null || minutes === 0) return OFF;
    const { asked, economic_hash } = snapshot.edge;
    if (asked === null) {
      // An exit has the owner's yes to itself; an old no that nobody can read does not undo it.
      return figures.isEntry ? unknown("The owner's latest answers") : OFF;
    }
    const denied = asked.find(
      (order) =>
        order.outcome === "denied" &&
        order.economic_hash === economic_hash &&
        figures.nowMs - Date.parse(order.at) < minutes * 60_000,
    );
    return denied === undefined
      ? pass({ source: "gateway.approvals" })
      : fail(`The owner said no to this order less than ${counted(minutes, "minute")} ago.`, {
          source: "gateway.approvals",
          as_of: denied.at,
        });
  },
};
