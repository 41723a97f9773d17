import { venueFaults } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import type { Check } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const venueRulesCheck: Check = {
  number: 20,
  name: "venue-rules",
  code: "VENUE_RULE",
  stage: "form",
  scope: "orders",
  means: "The venue takes this type, time in force, session and account.",
  evaluate({ snapshot, figures }) {
    return fromFaults(
      venueFaults(figures.order, snapshot.facts.rules),
      "The contract's rules",
      snapshot.facts.rules?.at ?? null,
      figures,
    );
  },
};
