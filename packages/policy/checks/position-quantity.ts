import { atMost, type Check } from "../check.ts";

export const positionQuantityCheck: Check = {
  number: 41,
  name: "position-quantity",
  code: "POSITION_QTY_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "The position after all that works is within the limit in units.",
  evaluate({ snapshot, policy, figures }) {
    return atMost({
      what: "The position after this order, in units,",
      observed: figures.positionAfter?.abs() ?? null,
      limit: policy.portfolio.max_position_quantity,
      source: "sidecar.positions",
      as_of: snapshot.facts.effect?.at ?? null,
    });
  },
};
