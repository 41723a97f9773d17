import { adverseDriftBps } from "../../protocol/approval/drift.ts";
import { atMost, type Check, OFF } from "../check.ts";

export const priceDrift: Check = {
  number: 55,
  name: "price-drift",
  code: "PRICE_DRIFT",
  stage: "behaviour",
  scope: "entries",
  means: "The market has not moved against the order since the owner saw it.",
  evaluate({ snapshot, policy, figures }) {
    if (snapshot.phase === "preview") return OFF;
    const { market_now } = snapshot.edge;
    return atMost({
      what: "The move against the order since it was shown, in basis points,",
      observed: adverseDriftBps(figures.order, snapshot.ticket.market, market_now),
      limit: policy.behaviour.max_drift_bps,
      source: "sidecar.quote",
      as_of: market_now?.at ?? null,
    });
  },
};
