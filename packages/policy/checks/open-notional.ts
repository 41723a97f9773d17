import { Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const openNotionalCheck: Check = {
  number: 39,
  name: "open-notional",
  code: "OPEN_NOTIONAL_EXCEEDED",
  stage: "cumulative",
  scope: "entries",
  means: "The value of open orders is within the limit.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.cumulative.max_open_notional;
    if (limit === null) return OFF;
    const { usage } = snapshot.edge;
    const { working } = snapshot.facts;
    if (usage === null || working === null) return unknown("The open orders");
    let open: Decimal | null = new Decimal(0);
    for (const order of working) {
      if (order.exit_only || order.order_id === figures.order.target?.order_id) continue;
      open = open === null || order.notional === null ? null : open.plus(dec(order.notional));
    }
    return atMost({
      what: "The value of open orders",
      observed: sumOf(sumOf(figures.notional, usage.inflight_notional), open),
      limit,
      source: "sidecar.orders",
      as_of: usage.as_of,
    });
  },
};
