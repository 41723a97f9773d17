import { decimalText, parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const cashOnly: Check = {
  number: 35,
  name: "cash-only",
  code: "CASH_ONLY",
  stage: "order",
  scope: "entries",
  means: "Purchases are paid from cash, nothing is borrowed.",
  evaluate({ snapshot, policy, figures }) {
    if (!policy.order.cash_only || figures.leg.side === "SELL") return OFF;
    const cash = parseFigure(snapshot.facts.account?.cash);
    if (cash === null) return unknown("The account's cash");
    return atMost({
      what: "The order's worst-case value, against the cash,",
      // What else is being bought takes from the same cash.
      observed: sumOf(figures.notional, figures.pending?.buying ?? null),
      limit: decimalText(cash),
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
