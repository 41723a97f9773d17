import { atMost, type Check, OFF, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const buyNotionalPerDayCheck: Check = {
  number: 38,
  name: "buy-notional-per-day",
  code: "SESSION_NOTIONAL_LIMIT_REFUSED",
  stage: "cumulative",
  scope: "entries",
  means: "Purchases and options sold to open today are within the limit.",
  evaluate({ snapshot, policy, figures }) {
    const { usage } = snapshot.edge;
    const { side, contract } = figures.leg;
    // An option that is sold to open obliges to buy, or is worth all that its buyer may take.
    if (side === "SELL" && contract.asset_class !== "OPT") return OFF;
    if (usage === null) return unknown("Today's purchases and sold options");
    return atMost({
      what: "The value of purchases and sold options today",
      observed: sumOf(figures.notional, usage.buy_notional_today),
      limit: policy.cumulative.max_buy_notional_per_day,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
