import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { incrementAt } from "@ibkr-edge-gateway/protocol/orders/contract-faults.ts";
import {
  basisPoints,
  Decimal,
  dec,
  decimalText,
  parseFigure,
  roundToStep,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { ContractRules, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import {
  atMost,
  type Check,
  type CheckFinding,
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
export const priceCollarCheck: Check = {
  number: 29,
  name: "price-collar",
  code: "PRICE_COLLAR_REFUSED",
  stage: "data",
  scope: "entries",
  means: "The limit price is not too far from the market.",
  evaluate({ snapshot, policy, figures }) {
    const { rules } = snapshot.facts;
    const findings: CheckFinding[] = figures.order.legs
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
        const width = (bps: string | null) => (figures.waits ? wider(bps, collar_closed_bps) : bps);
        const limit = width(side);
        const [above, below] =
          leg.side === "BUY"
            ? [collar_aggressive_bps, collar_passive_bps]
            : [collar_passive_bps, collar_aggressive_bps];
        const range = rangeOf(reference, { above: width(above), below: width(below) }, rules);
        return atMost({
          what: "The limit's distance from the market",
          words: (_, allowed) => tooFar(price, reference, named, { allowed, range }),
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

/** What is wrong, and the prices that would do. */
function tooFar(
  price: Decimal,
  reference: Decimal,
  named: string,
  { allowed, range }: { allowed: Decimal; range: string },
): string {
  const distance = basisPoints(price, reference)?.abs() ?? new Decimal(0);
  return (
    `Your limit of ${decimalText(price)} is ${percentBeyond(distance, allowed)} ` +
    `${price.lessThan(reference) ? "below" : "above"} the ${named} of ${decimalText(reference)}. ` +
    `This account allows ${percentText(allowed)}: use ${range}.`
  );
}

/**
 * The prices inside both widths, each end on the contract's increment: `215.95 to 278.02`. A width
 * is a share of the price's size, since some futures trade below zero.
 */
function rangeOf(
  reference: Decimal,
  bps: { above: string | null; below: string | null },
  rules: ContractRules | null,
): string {
  const end = (share: string | null, sign: 1 | -1): Decimal | null => {
    if (share === null) return null;
    const edge = reference.plus(reference.abs().times(dec(share)).dividedBy(10_000).times(sign));
    const known = rules === null ? null : incrementAt(rules, edge);
    // What costs less than a unit has more decimals.
    const step = known ?? (reference.abs().lessThan(1) ? "0.0001" : "0.01");
    return roundToStep(edge, dec(step), sign > 0 ? "down" : "up");
  };
  const low = end(bps.below, -1);
  const high = end(bps.above, 1);
  const floor = low !== null && reference.greaterThan(0) && !low.greaterThan(0) ? null : low;
  if (floor === null) return high === null ? "another price" : `${decimalText(high)} or less`;
  // A step wider than the range leaves no price inside.
  if (high?.lessThan(floor)) return "a price nearer to it";
  return high === null
    ? `${decimalText(floor)} or more`
    : `${decimalText(floor)} to ${decimalText(high)}`;
}

function nameOf(reference: Decimal, market: TicketQuote | null): string {
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
