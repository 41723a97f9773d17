import { type Check, fail, OFF, pass } from "../check.ts";

export const orderTypeAllowedCheck: Check = {
  number: 15,
  name: "order-type-allowed",
  code: "ORDER_TYPE_NOT_ALLOWED",
  stage: "form",
  scope: "entries",
  means: "The policy allows the order's type.",
  evaluate({ policy, figures }) {
    const allowed = policy.form.order_types;
    if (allowed === null) return OFF;
    const types = figures.order.legs.map((leg) => leg.order_type);
    // Market orders have a switch and a check of their own.
    const refused = types.find((type) => type !== "MKT" && !allowed.includes(type));
    const measured = { observed: types.join(","), limit: allowed.join(","), source: "policy" };
    return refused === undefined
      ? pass(measured)
      : fail(`The policy does not allow ${refused} orders.`, measured);
  },
};
