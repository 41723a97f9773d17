import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const reduceOnlyCheck: Check = {
  number: 46,
  name: "reduce-only",
  code: "REDUCE_ONLY_WOULD_INCREASE",
  stage: "portfolio",
  scope: "orders",
  means: "An order that says it only reduces does.",
  evaluate({ snapshot, figures }) {
    if (!figures.order.reduce_only) return OFF;
    const { effect } = snapshot.facts;
    if (effect === null) return unknown("The position the order would reduce");
    const measured = { observed: effect.kind, source: "sidecar.positions", as_of: effect.at };
    return effect.kind === "exit"
      ? pass(measured)
      : fail("The order is marked reduce-only and would add to or turn the position.", measured);
  },
};
