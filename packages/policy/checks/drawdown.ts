import { Decimal, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF } from "../check.ts";
import { percentOf } from "../percent.ts";

export const drawdownCheck: Check = {
  number: 49,
  name: "drawdown",
  code: "DRAWDOWN_LIMIT",
  stage: "behaviour",
  scope: "entries",
  means: "The account has not fallen too far from its peak.",
  evaluate({ snapshot, policy, figures }) {
    const limit = policy.behaviour.max_drawdown_percent;
    if (limit === null) return OFF;
    const peak = parseFigure(snapshot.facts.account?.peak_net_liquidation);
    const worth = figures.netLiquidation;
    const fallen = peak === null || worth === null ? null : Decimal.max(0, peak.minus(worth));
    return atMost({
      what: "The fall from the account's peak in percent",
      observed: percentOf(fallen, peak),
      limit,
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
