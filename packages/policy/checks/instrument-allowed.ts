import { type Check, fail, OFF, pass } from "../check.ts";

export const instrumentAllowedCheck: Check = {
  number: 22,
  name: "instrument-allowed",
  code: "SYMBOL_REFUSED",
  stage: "instrument",
  scope: "entries",
  means: "The contract is on the policy's list, where it has one.",
  evaluate({ policy, figures }) {
    const allowed = policy.instruments.conids_allowed;
    if (allowed === null) return OFF;
    const refused = figures.order.legs.find((leg) => !allowed.includes(leg.contract.conid));
    return refused === undefined
      ? pass({ source: "policy" })
      : fail("The contract is not on the policy's list.", {
          observed: String(refused.contract.conid),
          source: "policy",
        });
  },
};
