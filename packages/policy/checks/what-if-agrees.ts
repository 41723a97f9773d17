import {
  differenceInWords,
  WHAT_IF_TOLERANCE_PERCENT,
  whatIfDifference,
} from "@ibkr-edge-gateway/protocol/orders/what-if-agreement.ts";
import { type Check, fail, OFF, pass } from "../check.ts";

/** One of the two has the unit, the multiplier or the contract wrong, and no limit means what it says. */
export const whatIfAgrees: Check = {
  number: 35,
  name: "what-if-agrees",
  code: "WHATIF_DIFFERS",
  stage: "order",
  scope: "entries",
  means: `The broker's what-if comes to the order's price and quantity, within ${WHAT_IF_TOLERANCE_PERCENT} %.`,
  evaluate({ snapshot, figures }) {
    const { ticket } = snapshot;
    // Where the broker names no amount, `what-if-accepted` says whether that will do.
    if (ticket.what_if?.amount_currency == null || ticket.what_if.amount === null) return OFF;
    const measured = { source: "sidecar.what_if", as_of: ticket.what_if.at };
    const difference = whatIfDifference(ticket, figures.rate);
    if (difference === null) return pass(measured);
    return fail(differenceInWords(difference), {
      ...measured,
      observed: difference.brokers,
      limit: difference.ours,
    });
  },
};
