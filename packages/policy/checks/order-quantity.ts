import { atMost, type Check } from "../check.ts";

export const orderQuantityCheck: Check = {
  number: 33,
  name: "order-quantity",
  code: "QUANTITY_LIMIT_REFUSED",
  stage: "order",
  scope: "entries",
  means: "The quantity is within the limit per order.",
  evaluate({ policy, figures, snapshot }) {
    return atMost({
      what: "The quantity",
      // An amount of money counts as the most units that it buys.
      observed: figures.unitsOfLargest,
      limit: policy.order.max_quantity,
      source: "ticket",
      as_of: snapshot.ticket.prepared_at,
    });
  },
};
