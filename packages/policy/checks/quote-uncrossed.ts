import { quoted } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import { type Check, fail, OFF, pass } from "../check.ts";

export const quoteUncrossedCheck: Check = {
  number: 28,
  name: "quote-uncrossed",
  code: "QUOTE_CROSSED",
  stage: "data",
  scope: "entries",
  means: "The bid is not above the ask.",
  evaluate({ figures }) {
    // What is left of the sides after the close is no market that could be crossed.
    if (figures.closing) return OFF;
    const bid = quoted(figures.market, "bid");
    const ask = quoted(figures.market, "ask");
    // One side alone is another check's matter.
    if (bid === null || ask === null) return OFF;
    const measured = {
      observed: bid.toFixed(),
      limit: ask.toFixed(),
      source: "sidecar.quote",
      as_of: figures.market?.at ?? null,
    };
    return bid.greaterThan(ask) ? fail("The bid is above the ask.", measured) : pass(measured);
  },
};
