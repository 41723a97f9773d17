import { dec } from "../../protocol/orders/decimal.ts";
import { atMost, type Check, unknown } from "../check.ts";

export const turnoverPerDay: Check = {
  number: 38,
  name: "turnover-per-day",
  code: "TURNOVER_EXCEEDED",
  stage: "cumulative",
  scope: "entries",
  means: "Purchases and sales today are within the limit.",
  evaluate({ snapshot, policy, figures }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("Today's turnover");
    return atMost({
      what: "The turnover today",
      observed: figures.notional?.plus(dec(usage.turnover_today)) ?? null,
      limit: policy.cumulative.max_turnover_per_day,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
