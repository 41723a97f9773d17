import { adverseDriftBps, seenOn } from "@ibkr-edge-gateway/protocol/approval/price-drift.ts";
import { comparedPrice } from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, pass, unknown } from "../check.ts";

export const priceDriftCheck: Check = {
  number: 55,
  name: "price-drift",
  code: "PRICE_DRIFT",
  stage: "behaviour",
  scope: "entries",
  means: "The market has not moved against the order since the owner saw it, and that can be told.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.behaviour.max_drift_bps;
    const seen = comparedPrice(seenOn(snapshot.ticket));
    if (snapshot.phase === "preview") {
      if (limit === null) return OFF;
      // Judged now, or it would be found out after the owner's yes.
      // Of a price of zero no move can be told in parts of it.
      return seen === null || seen.isZero()
        ? unknown("A price of the market, from which a move could be told later,")
        : pass({ observed: decimalText(seen), source: "sidecar.quote" });
    }
    const { market_now } = snapshot.edge;
    const now = figures.reference;
    const moved =
      seen === null || now === null ? "" : ` from ${decimalText(seen)} to ${decimalText(now)}`;
    return atMost({
      what: `The move of the price${moved} against the order since it was shown, in basis points,`,
      observed: adverseDriftBps(figures.order, seenOn(snapshot.ticket), {
        quote: market_now,
        waits: figures.waits,
      }),
      limit,
      source: "sidecar.quote",
      as_of: market_now?.at ?? null,
    });
  },
};
