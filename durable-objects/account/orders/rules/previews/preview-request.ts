import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import {
  type CanonicalOrder,
  type Leg,
  principalLeg,
} from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";

/** What to ask a preview for so that the same order comes back. */
export function requestOf(order: CanonicalOrder): PreviewRequest {
  const { account_id } = order;
  if (order.action === "cancel") {
    return { kind: "cancel", cancel: { account_id, order_id: targetOf(order) } };
  }
  if (order.action === "modify") {
    const leg = principalLeg(order);
    return {
      kind: "modify",
      change: { account_id, order_id: targetOf(order), ...changeable(leg) },
    };
  }
  switch (order.structure) {
    case "single": {
      const input = orderInput(account_id, principalLeg(order), order.reduce_only);
      return { kind: "order", order: input };
    }
    case "oca":
      return {
        kind: "oca",
        account_id,
        orders: order.legs.map((leg) => orderInput(account_id, leg, order.reduce_only)),
      };
    case "bracket": {
      const entry = principalLeg(order);
      const profit = order.legs.find(({ role }) => role === "take_profit");
      const stop = order.legs.find(({ role }) => role === "stop_loss");
      const { reduce_only: _none, ...terms } = orderInput(account_id, entry, false);
      return {
        kind: "bracket",
        bracket: {
          ...terms,
          take_profit_price: profit?.limit_price ?? "",
          stop_loss_price: stop?.stop_price ?? "",
          ...(stop?.limit_price == null ? {} : { stop_loss_limit_price: stop.limit_price }),
        },
      };
    }
  }
}

const targetOf = (order: CanonicalOrder): string => order.target?.order_id ?? "";

function changeable(leg: Leg) {
  return {
    ...(leg.quantity === null ? {} : { quantity: leg.quantity }),
    ...(leg.limit_price === null ? {} : { limit_price: leg.limit_price }),
    ...(leg.stop_price === null ? {} : { stop_price: leg.stop_price }),
    ...(leg.trailing === null
      ? {}
      : leg.trailing.unit === "amount"
        ? { trailing_amount: leg.trailing.offset }
        : { trailing_percent: leg.trailing.offset }),
    time_in_force: leg.time_in_force,
  };
}

function orderInput(account_id: string, leg: Leg, reduce_only: boolean) {
  const { contract } = leg;
  return {
    account_id,
    conid: contract.conid,
    ...(contract.exchange === "SMART" ? {} : { exchange: contract.exchange }),
    side: leg.side,
    order_type: leg.order_type,
    ...(leg.cash_quantity === null ? {} : { cash_quantity: leg.cash_quantity }),
    ...changeable(leg),
    outside_rth: leg.outside_rth,
    reduce_only,
  };
}
