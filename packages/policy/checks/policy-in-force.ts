import { type Check, fail, OFF, pass } from "../check.ts";

export const policyInForceCheck: Check = {
  number: 7,
  name: "policy-in-force",
  code: "POLICY_EXPIRED",
  stage: "state",
  scope: "entries",
  means: "The account's policy has not expired.",
  evaluate({ policy, figures, snapshot }) {
    if (policy.expires_at === null) return OFF;
    const measured = { observed: snapshot.now, limit: policy.expires_at, source: "policy" };
    return figures.nowMs < Date.parse(policy.expires_at)
      ? pass(measured)
      : fail("The account's policy has expired; the owner must renew it.", measured);
  },
};
