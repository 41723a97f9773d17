import { structureFaults } from "@ibkr-edge-gateway/protocol/orders/structure-faults.ts";
import { type Check, OFF } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const bracketCoherentCheck: Check = {
  number: 19,
  name: "bracket-coherent",
  code: "BRACKET_INCOHERENT",
  stage: "form",
  scope: "orders",
  means: "A bracket's exits stand on their sides of the entry and sell no more than it buys.",
  evaluate({ figures }) {
    if (figures.order.structure !== "bracket") return OFF;
    return fromFaults(
      structureFaults(figures.order, figures.market),
      "The bracket's prices",
      figures.market?.at ?? null,
      figures,
    );
  },
};
