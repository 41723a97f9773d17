import { Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF } from "../check.ts";

export const orderQuantity: Check = {
  number: 33,
  name: "order-quantity",
  code: "QUANTITY_LIMIT_REFUSED",
  stage: "order",
  scope: "entries",
  means: "The quantity is within the limit per order.",
  evaluate({ policy, figures, snapshot }) {
    // An amount of money is bounded by the value limit.
    if (figures.leg.cash_quantity !== null) return OFF;
    const largest = figures.order.legs.reduce<Decimal | null>(
      (top, leg) =>
        top === null || leg.quantity === null ? null : Decimal.max(top, dec(leg.quantity)),
      new Decimal(0),
    );
    return atMost({
      what: "The quantity",
      observed: largest,
      limit: policy.order.max_quantity,
      source: "ticket",
      as_of: snapshot.ticket.prepared_at,
    });
  },
};
