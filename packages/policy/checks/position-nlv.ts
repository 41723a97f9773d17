import { atMost, type Check } from "../check.ts";
import { percentOf } from "../percent.ts";

export const positionNlvCheck: Check = {
  number: 41,
  name: "position-nlv",
  code: "POSITION_NLV_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "The position after all that works is within its share of the account.",
  evaluate({ snapshot, policy, figures }) {
    return atMost({
      what: "The position after this order in percent of the account's value",
      observed: percentOf(figures.positionValueAfter, figures.netLiquidation),
      limit: policy.portfolio.max_position_nlv_percent,
      source: "sidecar.positions",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
