import { decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const cashOnlyCheck: Check = {
  number: 35,
  name: "cash-only",
  code: "CASH_ONLY",
  stage: "order",
  scope: "entries",
  means: "Purchases, and those that a sold put may lead to, are paid from cash.",
  evaluate({ snapshot, policy, figures }) {
    const obliges = figures.leg.side === "BUY" || figures.leg.contract.asset_class === "OPT";
    if (!policy.order.cash_only || !obliges) return OFF;
    const cash = parseFigure(snapshot.facts.account?.cash);
    if (cash === null) return unknown("The account's cash");
    return atMost({
      what: "The order's value at risk, against the cash,",
      // What else is being bought takes from the same cash.
      observed: sumOf(figures.notional, figures.pending?.buying ?? null),
      limit: decimalText(cash),
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
