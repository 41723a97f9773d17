import { type Check, fail, OFF, pass } from "../check.ts";

export const instrumentDeniedCheck: Check = {
  number: 22,
  name: "instrument-denied",
  code: "INSTRUMENT_DENIED",
  stage: "instrument",
  scope: "entries",
  means: "The contract is not one the policy forbids.",
  evaluate({ policy, figures }) {
    const denied = policy.instruments.conids_denied;
    if (denied.length === 0) return OFF;
    const found = figures.order.legs.find((leg) => denied.includes(leg.contract.conid));
    return found === undefined
      ? pass({ source: "policy" })
      : fail("The policy forbids this contract.", {
          observed: String(found.contract.conid),
          source: "policy",
        });
  },
};
