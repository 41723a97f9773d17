import { Decimal } from "../../protocol/orders/decimal.ts";
import { atMost, type Check, fail, OFF } from "../check.ts";

export const quoteFresh: Check = {
  number: 28,
  name: "quote-fresh",
  code: "STALE_QUOTE",
  stage: "data",
  scope: "entries",
  means: "The quote is fresh.",
  evaluate({ snapshot, policy, figures }) {
    const { market } = figures;
    const limit = policy.data.max_quote_age_seconds;
    if (limit === null) return OFF;
    // A preview shows what the sidecar saw when it made the ticket; a submit needs a quote of now.
    const asOf =
      snapshot.phase === "preview" ? Date.parse(snapshot.ticket.prepared_at) : figures.nowMs;
    const age = market === null ? Number.NaN : asOf - Date.parse(market.at);
    // A quote from the future is a clock nobody can trust.
    if (age < -2_000) {
      return fail("The quote's time lies in the future.", { source: "sidecar.quote" });
    }
    return atMost({
      what: "The quote's age in seconds",
      observed: Number.isFinite(age) ? new Decimal(Math.max(0, age)).dividedBy(1_000) : null,
      limit,
      source: "sidecar.quote",
      as_of: market?.at ?? null,
    });
  },
};
