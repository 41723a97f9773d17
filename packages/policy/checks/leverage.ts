import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF } from "../check.ts";
import { sumOf } from "../percent.ts";

export const leverageCheck: Check = {
  number: 35,
  name: "leverage",
  code: "LEVERAGE_CAP",
  stage: "order",
  scope: "entries",
  means: "Positions after the order stay within the leverage cap.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.order.max_leverage;
    if (limit === null) return OFF;
    const gross = parseFigure(snapshot.facts.account?.gross_position_value);
    const worth = figures.netLiquidation;
    const after = sumOf(sumOf(gross, figures.notional), figures.pending?.value ?? null);
    return atMost({
      what: "The leverage after the order",
      observed:
        after === null || worth === null || !worth.greaterThan(0) ? null : after.dividedBy(worth),
      limit,
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
