import { Decimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atLeast, type Check, OFF } from "../check.ts";
import { sumOf } from "../percent.ts";

/** Equity after the order less the maintenance margin after it, both by the broker's what-if. */
export const excessLiquidityCheck: Check = {
  number: 35,
  name: "excess-liquidity",
  code: "EXCESS_LIQUIDITY_FLOOR",
  stage: "order",
  scope: "entries",
  means: "Enough liquidity stays above the maintenance margin.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.order.min_excess_liquidity;
    if (limit === null) return OFF;
    const { what_if } = snapshot.ticket;
    const equity = parseFigure(what_if?.equity.after);
    const margin = parseFigure(what_if?.maintenance_margin.after);
    // The broker's what-if knows nothing of an order that had not reached it.
    const missed = figures.pending?.orders
      .filter(({ in_flight }) => in_flight)
      .reduce<Decimal | null>((sum, { notional }) => sumOf(sum, notional), new Decimal(0));
    return atLeast({
      what: "The excess liquidity after the order",
      observed:
        equity === null || margin === null || missed === null || missed === undefined
          ? null
          : equity.minus(margin).minus(missed),
      limit,
      source: "sidecar.what_if",
      as_of: what_if?.at ?? null,
    });
  },
};
