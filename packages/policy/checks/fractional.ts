import { quantityFaults } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import { isOnStep } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, fail } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const fractionalCheck: Check = {
  number: 17,
  name: "fractional",
  code: "ORDER_FRACTIONAL_REFUSED",
  stage: "form",
  scope: "orders",
  means: "A fraction of a unit is ordered only where policy and contract take fractions.",
  evaluate({ snapshot, policy, figures }) {
    const whole = figures.order.legs.every(
      (leg) => leg.quantity === null || isOnStep(leg.quantity, "1"),
    );
    if (whole) return { outcome: "off" };
    // The policy's own switch is about entries: a fraction that is held may always be closed.
    if (!policy.form.fractional && figures.isEntry) {
      return fail("The policy allows whole units only.", {
        observed: figures.leg.quantity,
        source: "policy",
      });
    }
    const faults = quantityFaults(figures.order, snapshot.facts.rules);
    return fromFaults(
      faults?.filter((fault) => fault.code === "ORDER_FRACTIONAL_REFUSED") ?? null,
      "Whether the contract takes fractions",
      snapshot.facts.rules?.at ?? null,
      figures,
    );
  },
};
