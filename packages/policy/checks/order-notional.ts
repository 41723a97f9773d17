import { atMost, type Check } from "../check.ts";

export const orderNotionalCheck: Check = {
  number: 32,
  name: "order-notional",
  code: "NOTIONAL_LIMIT_REFUSED",
  stage: "order",
  scope: "entries",
  means: "The order's value at risk is within the limit per order.",
  evaluate({ policy, figures }) {
    return atMost({
      what: figures.notionalMissing ?? "The order's value at risk",
      observed: figures.notional,
      limit: policy.order.max_notional,
      source: "sidecar.quote",
      as_of: figures.market?.at ?? null,
    });
  },
};
