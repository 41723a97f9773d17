import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const marketOrderCheck: Check = {
  number: 15,
  name: "market-order",
  code: "ORDER_MARKET_TYPE_REFUSED",
  stage: "form",
  scope: "entries",
  means: "A market order is allowed, in regular hours, under a slippage cap and a value cap.",
  evaluate({ snapshot, policy, figures }) {
    if (!figures.order.legs.some((leg) => leg.order_type === "MKT")) return OFF;
    const measured = { observed: "MKT", source: "policy" };
    if (!policy.form.market_orders) return fail("The policy allows no market orders.", measured);
    if (policy.data.market_slippage_bps === null || policy.order.max_notional === null) {
      return fail("Market orders need a slippage cap and a value cap in the policy.", measured);
    }
    const { instrument } = snapshot.facts;
    if (instrument === null || instrument.regular_hours === null) {
      return unknown("Whether these are regular hours");
    }
    return instrument.regular_hours
      ? pass({ ...measured, as_of: instrument.at })
      : fail("Market orders are taken in regular hours only.", {
          ...measured,
          as_of: instrument.at,
        });
  },
};
