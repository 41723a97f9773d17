import { atMost, type Check, unknown } from "../check.ts";

export const ordersPerDayCheck: Check = {
  number: 37,
  name: "orders-per-day",
  code: "SESSION_ORDER_LIMIT_REFUSED",
  stage: "cumulative",
  scope: "entries",
  means: "Orders today are within the limit.",
  evaluate({ snapshot, policy }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("The orders of today");
    return atMost({
      what: "The number of orders today",
      observed: usage.orders_today + 1,
      limit: policy.cumulative.max_orders_per_day,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
