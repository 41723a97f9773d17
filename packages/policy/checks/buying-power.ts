import { atMost, type Check } from "../check.ts";
import { percentOf } from "../percent.ts";

export const buyingPowerCheck: Check = {
  number: 35,
  name: "buying-power",
  code: "BUYING_POWER_EXCEEDED",
  stage: "order",
  scope: "entries",
  means: "The order is within its share of the buying power.",
  evaluate({ snapshot, policy, figures }) {
    return atMost({
      what: "The order in percent of the buying power",
      observed: percentOf(figures.notional, figures.buyingPower),
      limit: policy.order.max_buying_power_percent,
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
