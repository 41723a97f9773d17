import { parseFigure } from "../../protocol/orders/decimal.ts";
import { atLeast, type Check, OFF } from "../check.ts";

/** Equity after the order less the maintenance margin after it, both by the broker's what-if. */
export const excessLiquidity: Check = {
  number: 35,
  name: "excess-liquidity",
  code: "EXCESS_LIQUIDITY_FLOOR",
  stage: "order",
  scope: "entries",
  means: "Enough liquidity stays above the maintenance margin.",
  evaluate({ snapshot, policy }) {
    const limit = policy.order.min_excess_liquidity;
    if (limit === null) return OFF;
    const { what_if } = snapshot.ticket;
    const equity = parseFigure(what_if?.equity.after);
    const margin = parseFigure(what_if?.maintenance_margin.after);
    return atLeast({
      what: "The excess liquidity after the order",
      observed: equity === null || margin === null ? null : equity.minus(margin),
      limit,
      source: "sidecar.what_if",
      as_of: what_if?.at ?? null,
    });
  },
};
