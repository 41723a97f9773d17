import { midOf } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const quoteTwoSidedCheck: Check = {
  number: 28,
  name: "quote-two-sided",
  code: "QUOTE_ONE_SIDED",
  stage: "data",
  scope: "entries",
  means: "Both sides are quoted.",
  evaluate({ policy, figures }) {
    if (!policy.data.two_sided) return OFF;
    const { market } = figures;
    // A closed market quotes no side; the limit is held against its last price.
    if (figures.closing) return OFF;
    if (market === null) return unknown("The quote");
    const measured = { source: "sidecar.quote", as_of: market.at };
    return midOf(market) !== null
      ? pass(measured)
      : fail("Only one side of the market is quoted.", measured);
  },
};
