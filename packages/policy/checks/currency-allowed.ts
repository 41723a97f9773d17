import { type Check, fail, OFF, pass } from "../check.ts";

export const currencyAllowedCheck: Check = {
  number: 22,
  name: "currency-allowed",
  code: "CURRENCY_NOT_ALLOWED",
  stage: "instrument",
  scope: "entries",
  means: "The policy allows the contract's currency.",
  evaluate({ policy, figures }) {
    const allowed = policy.instruments.currencies;
    if (allowed === null) return OFF;
    const refused = figures.order.legs.find((leg) => !allowed.includes(leg.contract.currency));
    return refused === undefined
      ? pass({ source: "policy" })
      : fail(`The policy does not allow contracts in ${refused.contract.currency}.`, {
          observed: refused.contract.currency,
          limit: allowed.join(","),
          source: "policy",
        });
  },
};
