import { type Check, fail, pass } from "../check.ts";

export const policyEnabledCheck: Check = {
  number: 7,
  name: "policy-enabled",
  code: "LIMIT_POLICY_DISABLED",
  stage: "state",
  scope: "entries",
  means: "The account's policy is switched on.",
  evaluate({ policy }) {
    return policy.enabled
      ? pass({ source: "policy" })
      : fail("The account's policy is switched off.", { source: "policy" });
  },
};
