import { type Check, fail, OFF, pass } from "../check.ts";

export const assetClassAllowedCheck: Check = {
  number: 22,
  name: "asset-class-allowed",
  code: "ASSET_CLASS_REFUSED",
  stage: "instrument",
  scope: "entries",
  means: "The policy allows the contract's asset class.",
  evaluate({ policy, figures }) {
    const allowed = policy.instruments.asset_classes;
    if (allowed === null) return OFF;
    const refused = figures.order.legs.find((leg) => !allowed.includes(leg.contract.asset_class));
    const measured = {
      observed: figures.leg.contract.asset_class,
      limit: allowed.join(","),
      source: "policy",
    };
    return refused === undefined
      ? pass(measured)
      : fail(`The policy does not allow ${refused.contract.asset_class} contracts.`, measured);
  },
};
