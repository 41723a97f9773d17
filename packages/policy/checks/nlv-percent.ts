import { atMost, type Check } from "../check.ts";
import { percentOf } from "../percent.ts";

export const nlvPercentCheck: Check = {
  number: 34,
  name: "nlv-percent",
  code: "NLV_PERCENT_EXCEEDED",
  stage: "order",
  scope: "entries",
  means: "The order is within its share of the account's value.",
  evaluate({ snapshot, policy, figures }) {
    return atMost({
      what: "The order in percent of the account's value",
      observed: percentOf(figures.notional, figures.netLiquidation),
      limit: policy.order.max_nlv_percent,
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
