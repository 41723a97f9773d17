import { type Check, fail, pass, unknown } from "../check.ts";

export const tradingStateCheck: Check = {
  number: 2,
  name: "trading-state",
  code: "TRADING_STATE_REFUSED",
  stage: "state",
  scope: "orders",
  means: "The account's trading state lets this order through.",
  evaluate({ snapshot, figures }) {
    const state = snapshot.edge.trading_state;
    // No state holds back a new order that can only reduce a position: it need not be known.
    if (!figures.isEntry && figures.order.action === "place") {
      return pass({ observed: state, source: "gateway.trading_state" });
    }
    if (state === null) return unknown("The account's trading state");
    const measured = { observed: state, source: "gateway.trading_state" };
    if (state === "active") return pass(measured);
    if (!figures.isEntry && state === "reducing") return pass(measured);
    return fail(`Trading is ${state}: only orders that reduce a position pass.`, measured);
  },
};
