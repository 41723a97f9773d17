import { quantityFaults } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, fail } from "../check.ts";
import { fromFaults } from "./from-faults.ts";

export const quantityStepCheck: Check = {
  number: 17,
  name: "quantity-step",
  code: "QTY_STEP",
  stage: "form",
  scope: "orders",
  means: "The quantity is a multiple of the contract's step and not below the least size.",
  evaluate({ snapshot, policy, figures }) {
    const least = policy.form.min_quantity;
    if (least !== null && figures.isEntry && figures.quantity?.lessThan(dec(least)) === true) {
      return fail(`The quantity is below the policy's least of ${least}.`, {
        observed: figures.leg.quantity,
        limit: least,
        source: "policy",
      });
    }
    const faults = quantityFaults(figures.order, snapshot.facts.rules);
    return fromFaults(
      faults?.filter((fault) => fault.code === "QTY_STEP") ?? null,
      "The contract's size step",
      snapshot.facts.rules?.at ?? null,
      figures,
    );
  },
};
