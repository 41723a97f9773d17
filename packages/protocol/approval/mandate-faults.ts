import { sameWarning } from "../orders/broker-question.ts";
import { dec, parseFigure } from "../orders/decimal.ts";
import type { OrderRefusal } from "../orders/order-refusal.ts";
import {
  isExitRole,
  type Mandate,
  type MandateUsage,
  outside,
  type UnderMandate,
} from "./mandate.ts";
import { placementFaults } from "./mandate-bounds.ts";

/** Whether an order lies inside the bounds: every way in which it does not, or nothing. */
export function mandateFaults(
  mandate: Mandate,
  order: UnderMandate,
  usage: MandateUsage,
  now: string,
): OrderRefusal[] {
  return [
    ...usabilityFaults(mandate, order, now),
    ...orderFaults(mandate, order),
    ...placementFaults(mandate, order),
    ...amountFaults(mandate, order, usage),
  ];
}

/** Whose it is, where, and when. */
function usabilityFaults(mandate: Mandate, order: UnderMandate, now: string): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const { order: asked } = order.ticket;
  const at = Date.parse(now);
  if (!(at >= Date.parse(mandate.not_before) && at < Date.parse(mandate.not_after))) {
    faults.push(outside("not_after", "in_force", "The mandate is not in force now."));
  }
  if (order.gatewayAccountId !== mandate.gateway_account_id) {
    faults.push(
      outside("gateway_account_id", "own_gateway_account", "The mandate is another owner's."),
    );
  }
  if (!mandate.accounts.includes(asked.account_id)) {
    faults.push(outside("account_id", "account_named", "The mandate does not name this account."));
  }
  if (asked.mode !== mandate.mode) {
    faults.push(outside("mode", "mode_named", `The mandate is for ${mandate.mode} orders.`));
  }
  if (order.clientId !== null && !mandate.clients.includes(order.clientId)) {
    faults.push(outside("client_id", "client_named", "The mandate does not name this agent."));
  }
  return faults;
}

/** What kind of order it is. */
function orderFaults(mandate: Mandate, order: UnderMandate): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  const { order: asked, warnings } = order.ticket;
  if (asked.action !== "place") {
    // A change may be of an order that the owner approved by itself, or of somebody else's.
    faults.push(outside("action", "new_orders_only", "A mandate covers new orders only."));
  }
  for (const { contract } of asked.legs) {
    if (mandate.conids !== null && !mandate.conids.includes(contract.conid)) {
      faults.push(outside("conid", "contract_named", "The mandate does not name this contract."));
    }
    if (!mandate.asset_classes.includes(contract.asset_class)) {
      faults.push(
        outside("asset_class", "asset_class_named", "The mandate does not cover this asset class."),
      );
    }
  }
  // The exits of a bracket stand on the other side of the order they protect.
  for (const { side } of asked.legs.filter(({ role }) => !isExitRole(role))) {
    if (!mandate.sides.includes(side)) {
      faults.push(outside("side", "side_named", `The mandate does not cover ${side} orders.`));
    }
  }
  for (const { order_type } of asked.legs) {
    if (!mandate.order_types.includes(order_type)) {
      faults.push(
        outside(
          "order_type",
          "order_type_named",
          `The mandate does not cover ${order_type} orders.`,
        ),
      );
    }
  }
  if (mandate.reduce_only && order.effect?.kind !== "exit") {
    faults.push(
      outside(
        "reduce_only",
        "exits_only",
        "The mandate covers orders that reduce a position only.",
      ),
    );
  }
  const unread = [...warnings, ...order.acceptedWarnings].some(
    (warning) => !mandate.accepted_warnings.some((accepted) => sameWarning(accepted, warning)),
  );
  if (unread) {
    faults.push(
      outside(
        "warnings",
        "warnings_accepted",
        "The broker warns of something that the mandate does not accept beforehand.",
      ),
    );
  }
  return faults;
}

/** How much, by itself and with what was done today. */
function amountFaults(mandate: Mandate, order: UnderMandate, usage: MandateUsage): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  for (const { quantity } of order.ticket.order.legs) {
    if (quantity === null || dec(quantity).greaterThan(dec(mandate.max_quantity_per_order))) {
      faults.push(
        outside(
          "quantity",
          "max_quantity_per_order",
          quantity === null
            ? "The order is for an amount of money and names no quantity, which the mandate bounds. Name a quantity, or ask the owner for this order."
            : "The quantity is beyond the mandate's.",
        ),
      );
    }
  }
  const notional = parseFigure(order.notional);
  if (notional === null) {
    faults.push(outside("notional", "notional_known", "The order's value is unknown."));
  } else {
    if (notional.greaterThan(dec(mandate.max_notional_per_order))) {
      faults.push(
        outside("notional", "max_notional_per_order", "The order's value is beyond the mandate's."),
      );
    }
    const today = usage.notional_today;
    if (
      today === null ||
      notional.plus(dec(today)).greaterThan(dec(mandate.max_notional_per_day))
    ) {
      faults.push(
        outside(
          "notional",
          "max_notional_per_day",
          today === null
            ? "What was used of the mandate today is unknown."
            : "The mandate's value for today is used up.",
        ),
      );
    }
  }
  if (usage.orders_today + 1 > mandate.max_orders_per_day) {
    faults.push(
      outside("orders", "max_orders_per_day", "The mandate's orders for today are used up."),
    );
  }
  return faults;
}
