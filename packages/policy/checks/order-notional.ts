import { atMost, type Check } from "../check.ts";

export const orderNotional: Check = {
  number: 32,
  name: "order-notional",
  code: "NOTIONAL_LIMIT_REFUSED",
  stage: "order",
  scope: "entries",
  means: "The order's worst-case value is within the limit per order.",
  evaluate({ policy, figures }) {
    return atMost({
      what: "The order's worst-case value",
      observed: figures.notional,
      limit: policy.order.max_notional,
      source: "sidecar.quote",
      as_of: figures.market?.at ?? null,
    });
  },
};
