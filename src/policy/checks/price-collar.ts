import type { Leg } from "../../protocol/orders/canonical-order.ts";
import { basisPoints, type Decimal, dec } from "../../protocol/orders/decimal.ts";
import { atMost, type Check, type Finding, OFF, pass, unknown } from "../check.ts";

/**
 * A limit far from the market on the aggressive side is a mistake that fills at once, on the
 * passive side one that only waits: two widths, and a third while the market is closed. Stops and
 * a bracket's exits are meant to lie away from the market and have rules of their own.
 */
export const priceCollar: Check = {
  number: 29,
  name: "price-collar",
  code: "PRICE_COLLAR_REFUSED",
  stage: "data",
  scope: "entries",
  means: "The limit price is not too far from the market.",
  evaluate({ snapshot, policy, figures }) {
    const open = snapshot.facts.instrument?.tradable_now ?? null;
    const findings: Finding[] = figures.order.legs
      .filter((leg) => leg.role !== "take_profit" && leg.role !== "stop_loss")
      .filter((leg) => leg.contract.conid === figures.leg.contract.conid)
      .map((leg) => {
        const price = collared(leg);
        if (price === null) return OFF;
        if (figures.reference === null) return unknown("A price to compare the limit with");
        const distance = basisPoints(price, figures.reference);
        if (distance === null) return unknown("A price to compare the limit with");
        const aggressive = leg.side === "BUY" ? distance.greaterThan(0) : distance.lessThan(0);
        const { collar_aggressive_bps, collar_passive_bps, collar_closed_bps } = policy.data;
        const side = aggressive ? collar_aggressive_bps : collar_passive_bps;
        const limit = open === false ? wider(side, collar_closed_bps) : side;
        return atMost({
          what: `The limit's distance from the market on the ${aggressive ? "aggressive" : "passive"} side, in basis points,`,
          observed: distance.abs(),
          limit,
          source: "sidecar.quote",
          as_of: figures.market?.at ?? null,
        });
      });
    return (
      findings.find(({ outcome }) => outcome === "fail") ??
      findings.find(({ outcome }) => outcome === "unknown") ??
      findings.find(({ outcome }) => outcome === "pass") ??
      (findings.length === 0 ? pass() : OFF)
    );
  },
};

/** The price that a collar holds for; a stop's own limit is bound to its trigger, not the market. */
function collared(leg: Leg): Decimal | null {
  if (leg.limit_price === null) return null;
  return leg.order_type === "LMT" || leg.order_type === "MIDPRICE" ? dec(leg.limit_price) : null;
}

/** While the market is known to be closed, prices are older and the collar may be wider. */
function wider(side: string | null, closed: string | null): string | null {
  if (side === null || closed === null) return side;
  return dec(closed).greaterThan(dec(side)) ? closed : side;
}
