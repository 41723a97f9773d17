import { type Check, fail, OFF, pass, unknown } from "../check.ts";

/** SMART is a router and not a place: the listing exchange is what is judged behind it. */
export const exchangeAllowedCheck: Check = {
  number: 22,
  name: "exchange-allowed",
  code: "EXCHANGE_NOT_ALLOWED",
  stage: "instrument",
  scope: "entries",
  means: "The policy allows the exchange.",
  evaluate({ policy, figures }) {
    const allowed = policy.instruments.exchanges;
    if (allowed === null) return OFF;
    for (const { contract } of figures.order.legs) {
      const place = contract.exchange === "SMART" ? contract.listing_exchange : contract.exchange;
      if (place === null) return unknown("The contract's listing exchange");
      if (!allowed.includes(place)) {
        return fail(`The policy does not allow the exchange ${place}.`, {
          observed: place,
          source: "policy",
        });
      }
    }
    return pass({ source: "policy" });
  },
};
