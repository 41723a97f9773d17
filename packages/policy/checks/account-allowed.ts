import { type Check, fail, pass } from "../check.ts";

export const accountAllowedCheck: Check = {
  number: 11,
  name: "account-allowed",
  code: "ACCOUNT_NOT_ALLOWLISTED",
  stage: "identity",
  scope: "always",
  means: "The order is for the account this policy is for.",
  evaluate({ policy, figures }) {
    return figures.order.account_id === policy.account_id
      ? pass({ source: "policy" })
      : fail("No policy allows orders in this account.", { source: "policy" });
  },
};
