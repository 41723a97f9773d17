import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { type Decimal, dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, type CheckFinding, OFF, unknown } from "../check.ts";
import { percentOf, sizeOf, sumOf } from "../percent.ts";

export const exposureCheck: Check = {
  number: 43,
  name: "exposure",
  code: "EXPOSURE_EXCEEDED",
  stage: "portfolio",
  scope: "entries",
  means: "Gross and net exposure after the order are within their limits.",
  evaluate({ snapshot, policy, figures }) {
    const { max_gross_percent, max_net_percent } = policy.portfolio;
    if (max_gross_percent === null && max_net_percent === null) return OFF;
    const { positions } = snapshot.facts;
    if (positions === null) return unknown("The positions");
    const own = figures.notional?.times(direction(figures.leg)) ?? null;
    // What works or is on its way may fill before this order does.
    let gross = sumOf(figures.notional, figures.pending?.value ?? null);
    let net = sumOf(own, figures.pending?.net ?? null);
    for (const position of positions) {
      const { value } = position;
      gross = sumOf(gross, sizeOf(position));
      net = net === null || value === null ? null : net.plus(dec(value));
    }
    const measure = (what: string, value: Decimal | null, limit: string | null): CheckFinding =>
      atMost({
        what: `The ${what} exposure in percent of the account's value`,
        observed: percentOf(value, figures.netLiquidation),
        limit,
        source: "sidecar.positions",
        as_of: snapshot.facts.account?.at ?? null,
      });
    const findings = [
      measure("gross", gross, max_gross_percent),
      measure("net", net?.abs() ?? null, max_net_percent),
    ];
    return (
      findings.find(({ outcome }) => outcome === "fail") ??
      findings.find(({ outcome }) => outcome === "unknown") ??
      findings.find(({ outcome }) => outcome === "pass") ??
      OFF
    );
  },
};

/** A put gains when its underlying falls: who buys one is short, who sells one is long. */
const direction = ({ side, contract }: Leg): 1 | -1 =>
  (side === "BUY") === (contract.right !== "P") ? 1 : -1;
