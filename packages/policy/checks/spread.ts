import { quoted } from "@ibkr-edge-gateway/protocol/orders/quote-price.ts";
import { atMost, type Check, OFF } from "../check.ts";

export const spreadCheck: Check = {
  number: 28,
  name: "spread",
  code: "SPREAD_TOO_WIDE",
  stage: "data",
  scope: "entries",
  means: "The spread is not too wide.",
  evaluate({ policy, figures }) {
    const limit = policy.data.max_spread_bps;
    if (limit === null) return OFF;
    if (figures.closing) return OFF;
    const bid = quoted(figures.market, "bid");
    const ask = quoted(figures.market, "ask");
    // Where the policy lets a one-sided market pass, there is no spread to measure.
    if ((bid === null || ask === null) && !policy.data.two_sided) return OFF;
    const mid = bid === null || ask === null ? null : bid.plus(ask).dividedBy(2);
    const width =
      mid === null || bid === null || ask === null || !mid.greaterThan(0)
        ? null
        : ask.minus(bid).dividedBy(mid).times(10_000);
    return atMost({
      what: "The spread between bid and ask",
      bps: true,
      observed: width,
      limit,
      source: "sidecar.quote",
      as_of: figures.market?.at ?? null,
    });
  },
};
