import { atMost, type Check, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const turnoverPerDayCheck: Check = {
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
      observed: sumOf(figures.notional, usage.turnover_today),
      limit: policy.cumulative.max_turnover_per_day,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
