import { type Check, fail, pass, unknown } from "../check.ts";

export const quoteLiveCheck: Check = {
  number: 28,
  name: "quote-live",
  code: "QUOTE_DELAYED",
  stage: "data",
  scope: "entries",
  means: "The quote is live, or the policy takes a delayed one.",
  evaluate({ policy, figures }) {
    const { market } = figures;
    if (market === null) return unknown("The quote's availability");
    const measured = {
      observed: market.availability,
      limit: policy.data.delayed ? "delayed" : "live",
      source: "sidecar.quote",
      as_of: market.at,
    };
    if (market.availability === "live") return pass(measured);
    // The last price of a session that is over gets no younger with a better subscription.
    if (figures.closing) return pass(measured);
    if (market.availability === "unknown") return unknown("The quote's availability", measured);
    return policy.data.delayed && market.availability !== "none"
      ? pass(measured)
      : fail(`The quote is ${market.availability}; the policy asks for a live one.`, measured);
  },
};
