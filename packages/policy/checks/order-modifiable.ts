import { dec } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const orderModifiableCheck: Check = {
  number: 12,
  name: "order-modifiable",
  code: "ORDER_NOT_MODIFIABLE",
  stage: "identity",
  scope: "orders",
  means: "The order to be changed still works, for its own contract and side.",
  evaluate({ snapshot, figures }) {
    const { target, action } = figures.order;
    if (action !== "modify") return OFF;
    if (target === null) return unknown("The order to be changed");
    const { working } = snapshot.facts;
    if (working === null) return unknown("The working orders");
    const measured = { source: "sidecar.orders" };
    if (!working.some((order) => order.order_id === target.order_id)) {
      return fail("The order no longer works: it is filled, cancelled or unknown.", measured);
    }
    const { before } = target;
    const { leg } = figures;
    if (before.contract.conid !== leg.contract.conid || before.side !== leg.side) {
      return fail("A change must keep the order's contract and side.", measured);
    }
    if (figures.quantity?.lessThanOrEqualTo(dec(target.filled_quantity))) {
      return fail("The new quantity is not above what is filled already.", {
        observed: leg.quantity,
        limit: target.filled_quantity,
        ...measured,
      });
    }
    return pass(measured);
  },
};
