import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const shortAllowedCheck: Check = {
  number: 44,
  name: "short-allowed",
  code: "SHORT_NOT_ALLOWED",
  stage: "portfolio",
  scope: "entries",
  means: "No short position comes about, or the policy allows one.",
  evaluate({ policy, figures, snapshot }) {
    if (figures.leg.side === "BUY") return OFF;
    const after = figures.positionAfter;
    if (policy.portfolio.short) return OFF;
    if (after === null) return unknown("The position and what works on it");
    const measured = {
      observed: after.toFixed(),
      limit: "0",
      source: "sidecar.positions",
      as_of: snapshot.facts.effect?.at ?? null,
    };
    return after.lessThan(0)
      ? fail("The order, with what works already, would sell more than is held.", measured)
      : pass(measured);
  },
};
