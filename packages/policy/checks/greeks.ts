import { type Decimal, dec, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, type CheckFinding, OFF } from "../check.ts";

/** The portfolio's greeks with this order's added. */
export const greeksCheck: Check = {
  number: 43,
  name: "greeks",
  code: "GREEKS_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "The portfolio's delta, gamma and vega after the order are within their limits.",
  evaluate({ snapshot, policy, figures }) {
    if (figures.leg.contract.asset_class !== "OPT") return OFF;
    const { max_abs_delta, max_abs_gamma, max_abs_vega } = policy.portfolio;
    const { greeks: portfolio, instrument } = snapshot.facts;
    const sign = figures.leg.side === "BUY" ? 1 : -1;
    // Whatever option is on its way changes them by an amount that nobody has read yet.
    const unread = snapshot.edge.own_open?.some(
      (order) => order.in_flight && order.asset_class === "OPT",
    );
    const after = (
      held: string | null | undefined,
      one: string | null | undefined,
    ): Decimal | null => {
      const before = parseFigure(held);
      const each = parseFigure(one);
      if (before === null || each === null || figures.quantity === null) return null;
      if (unread !== false) return null;
      const added = each
        .times(figures.quantity)
        .times(dec(figures.leg.contract.multiplier))
        .times(sign);
      return before.plus(added).abs();
    };
    const measure = (name: "delta" | "gamma" | "vega", limit: string | null): CheckFinding =>
      atMost({
        what: `The portfolio's ${name} after the order`,
        observed: after(portfolio?.[name], instrument?.greeks?.[name]),
        limit,
        source: "sidecar.greeks",
        as_of: instrument?.at ?? null,
      });
    const findings = [
      measure("delta", max_abs_delta),
      measure("gamma", max_abs_gamma),
      measure("vega", max_abs_vega),
    ];
    return (
      findings.find(({ outcome }) => outcome === "fail") ??
      findings.find(({ outcome }) => outcome === "unknown") ??
      findings.find(({ outcome }) => outcome === "pass") ??
      OFF
    );
  },
};
