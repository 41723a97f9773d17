import { parseFigure } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF } from "../check.ts";
import { percentOf } from "../percent.ts";

export const commissionCheck: Check = {
  number: 36,
  name: "commission",
  code: "COMMISSION_TOO_HIGH",
  stage: "order",
  scope: "entries",
  means: "The commission is a small part of the order.",
  evaluate({ snapshot, policy, figures }) {
    const { what_if } = snapshot.ticket;
    if (what_if === null && !policy.order.what_if) return OFF;
    const comparable = what_if?.commission_currency === snapshot.ticket.base_currency;
    return atMost({
      what: "The commission in percent of the order",
      observed: comparable ? percentOf(parseFigure(what_if?.commission), figures.traded) : null,
      limit: policy.order.max_commission_percent,
      source: "sidecar.what_if",
      as_of: what_if?.at ?? null,
    });
  },
};
