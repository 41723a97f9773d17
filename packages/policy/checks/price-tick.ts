import { tickFaults } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import type { Check } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const priceTickCheck: Check = {
  number: 17,
  name: "price-tick",
  code: "PRICE_TICK",
  stage: "form",
  scope: "orders",
  means: "Every price is a multiple of the contract's increment.",
  evaluate({ snapshot, figures }) {
    if (
      figures.order.legs.every(
        (leg) =>
          leg.limit_price === null && leg.stop_price === null && leg.trailing?.unit !== "amount",
      )
    ) {
      return { outcome: "off" };
    }
    return fromFaults(
      tickFaults(figures.order, snapshot.facts.rules),
      "The contract's price increments",
      snapshot.facts.rules?.at ?? null,
      figures,
    );
  },
};
