import { structureFaults } from "@ibkr-edge-gateway/protocol/orders/structure-faults.ts";
import { type Check, OFF } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const groupCoherentCheck: Check = {
  number: 19,
  name: "group-coherent",
  code: "OCA_INCOHERENT",
  stage: "form",
  scope: "orders",
  means: "A one-cancels-all group has at least two different members that can wait.",
  evaluate({ figures }) {
    if (figures.order.structure !== "oca") return OFF;
    return fromFaults(structureFaults(figures.order, null), "The group", null, figures);
  },
};
