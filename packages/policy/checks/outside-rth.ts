import { type Check, fail, OFF, pass } from "../check.ts";

export const outsideRthCheck: Check = {
  number: 16,
  name: "outside-rth",
  code: "OUTSIDE_RTH_NOT_ALLOWED",
  stage: "form",
  scope: "entries",
  means: "The policy allows orders outside regular trading hours.",
  evaluate({ policy, figures }) {
    if (!figures.order.legs.some((leg) => leg.outside_rth)) return OFF;
    return policy.form.outside_rth
      ? pass({ source: "policy" })
      : fail("The policy allows no orders outside regular trading hours.", { source: "policy" });
  },
};
