import { stopSideFaults } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import { type Check, OFF } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const stopSideCheck: Check = {
  number: 18,
  name: "stop-side",
  code: "STOP_WRONG_SIDE",
  stage: "form",
  scope: "orders",
  means: "No stop would fire at once.",
  evaluate({ figures }) {
    if (figures.order.legs.every((leg) => leg.stop_price === null)) return OFF;
    return fromFaults(
      stopSideFaults(figures.order, figures.market),
      "The market a stop is set against",
      figures.market?.at ?? null,
      figures,
    );
  },
};
