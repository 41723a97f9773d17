import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const whatIfAcceptedCheck: Check = {
  number: 35,
  name: "what-if-accepted",
  code: "WHATIF_REJECTED",
  stage: "order",
  scope: "entries",
  means: "The broker's what-if takes the order.",
  evaluate({ snapshot, policy }) {
    const { what_if } = snapshot.ticket;
    if (what_if === null) return policy.order.what_if ? unknown("The broker's what-if") : OFF;
    const measured = { source: "sidecar.what_if", as_of: what_if.at };
    // The broker's words are outside text: kept in the ticket, not repeated here.
    return what_if.error === null
      ? pass(measured)
      : fail("The broker's what-if would not take the order.", measured);
  },
};
