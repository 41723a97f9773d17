import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import {
  basisPoints,
  Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Quote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  atMost,
  type Check,
  type Finding,
  OFF,
  pass,
  percentBeyond,
  percentText,
  unknown,
} from "../check.ts";

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
  evaluate({ policy, figures }) {
    const findings: Finding[] = figures.order.legs
      .filter((leg) => leg.role !== "take_profit" && leg.role !== "stop_loss")
      .filter((leg) => leg.contract.conid === figures.leg.contract.conid)
      .map((leg) => {
        const price = collared(leg);
        if (price === null) return OFF;
        const { reference } = figures;
        if (reference === null) return unknown("A price to compare the limit with");
        const named = nameOf(reference, figures.market);
        const distance = basisPoints(price, reference);
        if (distance === null) return unknown("A price to compare the limit with");
        const aggressive = leg.side === "BUY" ? distance.greaterThan(0) : distance.lessThan(0);
        const { collar_aggressive_bps, collar_passive_bps, collar_closed_bps } = policy.data;
        const side = aggressive ? collar_aggressive_bps : collar_passive_bps;
        const limit = figures.waits ? wider(side, collar_closed_bps) : side;
        return atMost({
          what: "The limit's distance from the market",
          words: (_, allowed) => tooFar(price, reference, named, allowed),
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

/** What is wrong, and the nearest price that would do. */
function tooFar(price: Decimal, reference: Decimal, named: string, allowedBps: Decimal): string {
  const distance = basisPoints(price, reference)?.abs() ?? new Decimal(0);
  const below = price.lessThan(reference);
  const share = allowedBps.dividedBy(10_000);
  const edge = reference.times(below ? new Decimal(1).minus(share) : share.plus(1));
  // Rounded into the range; what costs less than a unit has more decimals.
  const decimals = reference.lessThan(1) ? 4 : 2;
  const nearest = edge.toDecimalPlaces(decimals, below ? Decimal.ROUND_UP : Decimal.ROUND_DOWN);
  return (
    `Your limit of ${decimalText(price)} is ${percentBeyond(distance, allowedBps)} ` +
    `${below ? "below" : "above"} the ${named} of ${decimalText(reference)}. ` +
    `This account allows ${percentText(allowedBps)}: ` +
    `use ${decimalText(nearest)} or ${below ? "more" : "less"}.`
  );
}

function nameOf(reference: Decimal, market: Quote | null): string {
  const is = (figure: string | null | undefined) => parseFigure(figure)?.equals(reference) === true;
  return is(market?.last)
    ? "last price"
    : is(market?.prior_close)
      ? "previous close"
      : "market price";
}

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
