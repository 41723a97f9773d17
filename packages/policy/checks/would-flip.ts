import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const wouldFlipCheck: Check = {
  number: 44,
  name: "would-flip",
  code: "WOULD_FLIP",
  stage: "portfolio",
  scope: "entries",
  means: "The order does not turn a position round, or the policy allows that.",
  evaluate({ policy, figures, snapshot }) {
    if (policy.portfolio.flip) return OFF;
    const { position, positionAfter } = figures;
    if (position === null || positionAfter === null) {
      return unknown("The position and what works on it");
    }
    const measured = {
      observed: positionAfter.toFixed(),
      source: "sidecar.positions",
      as_of: snapshot.facts.effect?.at ?? null,
    };
    const turned =
      !position.isZero() &&
      !positionAfter.isZero() &&
      position.lessThan(0) !== positionAfter.lessThan(0);
    return turned || snapshot.facts.effect?.kind === "flip"
      ? fail("The order would turn the position round.", measured)
      : pass(measured);
  },
};
