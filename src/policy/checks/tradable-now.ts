import { type Check, fail, pass, unknown } from "../check.ts";

export const tradableNow: Check = {
  number: 25,
  name: "tradable-now",
  code: "NOT_TRADABLE_NOW",
  stage: "instrument",
  scope: "entries",
  means: "The market is open for this order, or the policy lets it wait.",
  evaluate({ snapshot, policy }) {
    const { instrument } = snapshot.facts;
    if (policy.form.when_closed) return pass({ source: "policy" });
    if (instrument === null || instrument.tradable_now === null) {
      return unknown("Whether the market is open");
    }
    const measured = {
      observed: instrument.tradable_now ? "open" : "closed",
      limit: instrument.opens_at,
      source: "sidecar.calendar",
      as_of: instrument.at,
    };
    return instrument.tradable_now ? pass(measured) : fail("The market is closed.", measured);
  },
};
