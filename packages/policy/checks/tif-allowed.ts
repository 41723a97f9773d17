import { type Check, fail, OFF, pass } from "../check.ts";

export const tifAllowedCheck: Check = {
  number: 16,
  name: "tif-allowed",
  code: "TIF_NOT_ALLOWED",
  stage: "form",
  scope: "entries",
  means: "The policy allows the order's time in force.",
  evaluate({ policy, figures }) {
    const allowed = policy.form.times_in_force;
    if (allowed === null) return OFF;
    const refused = figures.order.legs.find((leg) => !allowed.includes(leg.time_in_force));
    const measured = {
      observed: figures.leg.time_in_force,
      limit: allowed.join(","),
      source: "policy",
    };
    return refused === undefined
      ? pass(measured)
      : fail(`The policy does not allow ${refused.time_in_force} orders.`, measured);
  },
};
