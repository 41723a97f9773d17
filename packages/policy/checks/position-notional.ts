import { atMost, type Check } from "../check.ts";

export const positionNotionalCheck: Check = {
  number: 41,
  name: "position-notional",
  code: "POSITION_NOTIONAL_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "The position after all that works is within the limit in value.",
  evaluate({ snapshot, policy, figures }) {
    return atMost({
      what: "The position's value at risk after this order",
      observed: figures.positionValueAfter,
      limit: policy.portfolio.max_position_notional,
      source: "sidecar.positions",
      as_of: snapshot.facts.effect?.at ?? null,
    });
  },
};
