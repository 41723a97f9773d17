import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const selfTradeCheck: Check = {
  number: 45,
  name: "self-trade",
  code: "SELF_TRADE",
  stage: "portfolio",
  scope: "entries",
  means: "The order would not trade against an own resting one.",
  evaluate({ snapshot, policy, figures }) {
    if (policy.portfolio.self_trade) return OFF;
    const { working } = snapshot.facts;
    if (working === null) return unknown("The working orders");
    const { leg } = figures;
    const own = parseFigure(leg.limit_price);
    const crossed = working.some((other) => {
      if (other.conid !== leg.contract.conid || other.side === leg.side || other.exit_only) {
        return false;
      }
      const resting = parseFigure(other.limit_price);
      // Only a resting limit can be traded against; against one, a market order always crosses.
      if (resting === null) return false;
      if (own === null) return true;
      return leg.side === "BUY"
        ? own.greaterThanOrEqualTo(resting)
        : own.lessThanOrEqualTo(resting);
    });
    const unseen = figures.pending?.orders.some(
      (other) => other.in_flight && other.conid === leg.contract.conid && other.side !== leg.side,
    );
    if (!crossed && unseen !== false) {
      return unknown("The price of an own order that is on its way");
    }
    return crossed
      ? fail("An own order rests on the other side at a price this one would meet.", {
          source: "sidecar.orders",
        })
      : pass({ source: "sidecar.orders" });
  },
};
