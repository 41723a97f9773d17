import { atMost, type Check, unknown } from "../check.ts";

/** The broker's working orders, ours and foreign, and what is on its way there. */
export const openOrdersCheck: Check = {
  number: 39,
  name: "open-orders",
  code: "OPEN_ORDERS_EXCEEDED",
  stage: "cumulative",
  scope: "entries",
  means: "The number of open orders is within the limit.",
  evaluate({ snapshot, policy, figures }) {
    const { usage } = snapshot.edge;
    const { working } = snapshot.facts;
    if (usage === null || working === null) return unknown("The open orders");
    const added = figures.order.action === "modify" ? 0 : figures.order.legs.length;
    return atMost({
      what: "The number of open orders",
      observed: working.length + usage.inflight_orders + added,
      limit: policy.cumulative.max_open_orders,
      source: "sidecar.orders",
      as_of: usage.as_of,
    });
  },
};
