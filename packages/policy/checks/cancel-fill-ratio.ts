import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, unknown } from "../check.ts";

export const cancelFillRatioCheck: Check = {
  number: 37,
  name: "cancel-fill-ratio",
  code: "CANCEL_FILL_RATIO",
  stage: "cumulative",
  scope: "entries",
  means: "Orders are not cancelled far more often than they fill.",
  evaluate({ snapshot, policy }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("Today's cancels and fills");
    return atMost({
      what: "Cancels per fill today",
      observed: new Decimal(usage.cancels_today).dividedBy(Math.max(1, usage.fills_today)),
      limit: policy.cumulative.max_cancels_per_fill,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
