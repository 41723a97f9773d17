import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Execution } from "@ibkr-edge-gateway/protocol/operation-schemas/executions-list.ts";
import { ordersHistory } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-history.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { Decimal } from "decimal.js";
import { canStillTrade } from "../client-portal/domain/order-rows.ts";
import { readExecutions } from "./live-executions.ts";
import { readOrders } from "./live-orders.ts";
import { pageOf, provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

const FROM_FILLS =
  "Orders from before today are known by their fills only: what was filled is certain, whether more was left is not.";

export const serveOrdersHistory = serve(ordersHistory, async (context, input) => {
  const from = input.from === undefined ? null : Date.parse(input.from);
  const to = input.to === undefined ? null : Date.parse(input.to);
  if (Number.isNaN(from) || Number.isNaN(to) || (from !== null && to !== null && from > to)) {
    throw new GatewayError(
      failure("INPUT_INVALID_TIME_RANGE", "The beginning must not lie after the end."),
    );
  }
  const account = await resolveAccount(context, input.account_id);
  const [live, fills] = await Promise.all([
    readOrders(context, account),
    readExecutions(context, account, 7),
  ]);
  const known = new Set(live.orders.map((order) => order.order_id));
  const earlier = ordersFromFills(
    fills.executions.filter(
      (execution) => execution.order_id !== null && !known.has(execution.order_id),
    ),
    context.isOwnOrder,
  );
  const orders = [...live.orders, ...earlier]
    .filter((order) => {
      const at = order.updated_at === null ? null : Date.parse(order.updated_at);
      // An order without a time is shown rather than lost.
      return at === null || ((from === null || at >= from) && (to === null || at <= to));
    })
    .filter((order) => matches(order, input.status))
    .toSorted((a, b) => (b.updated_at ?? "").localeCompare(a.updated_at ?? ""));
  const { rows, page } = pageOf(orders, input);
  return {
    account_id: account.accountId,
    orders: rows,
    proved: live.proved && fills.proved,
    page,
    ...provenance(
      context,
      [live.part, fills.part],
      [...live.notes, ...fills.notes, ...(earlier.length > 0 ? [FROM_FILLS] : [])],
    ),
  };
});

function matches(order: Order, status: "open" | "filled" | "cancelled" | "all"): boolean {
  if (status === "all") return true;
  if (status === "open") return canStillTrade(order.status) && order.broker_status !== null;
  return order.status === status;
}

/** One order for all fills that name it. */
function ordersFromFills(
  executions: readonly Execution[],
  isOwn: (orderRef: string) => boolean,
): Order[] {
  const byOrder = new Map<string, Execution[]>();
  for (const execution of executions) {
    const id = execution.order_id ?? "";
    byOrder.set(id, [...(byOrder.get(id) ?? []), execution]);
  }
  return [...byOrder].flatMap(([orderId, fills]) => {
    const [latest] = fills;
    if (latest === undefined) return [];
    return [
      {
        account_id: latest.account_id,
        order_id: orderId,
        order_ref: latest.order_ref,
        origin:
          latest.order_ref !== null && isOwn(latest.order_ref)
            ? ("gateway" as const)
            : ("foreign" as const),
        parent_id: null,
        oca_group: null,
        conid: latest.conid,
        symbol: latest.symbol,
        asset_class: latest.asset_class,
        exchange: latest.exchange,
        currency: latest.currency,
        side: latest.side,
        order_type: null,
        limit_price: null,
        stop_price: null,
        time_in_force: null,
        outside_rth: null,
        quantity: null,
        filled: sumOf(fills),
        remaining: null,
        average_price: averageOf(fills),
        status: "unknown" as const,
        broker_status: null,
        reason: null,
        updated_at: latest.executed_at,
      },
    ];
  });
}

function sumOf(fills: readonly Execution[]): string | null {
  let sum = new Decimal(0);
  for (const fill of fills) {
    if (fill.quantity === null) return null;
    sum = sum.plus(fill.quantity);
  }
  return sum.toFixed();
}

function averageOf(fills: readonly Execution[]): string | null {
  let worth = new Decimal(0);
  let quantity = new Decimal(0);
  for (const fill of fills) {
    if (fill.quantity === null || fill.price === null) return null;
    worth = worth.plus(new Decimal(fill.quantity).times(fill.price));
    quantity = quantity.plus(fill.quantity);
  }
  return quantity.isZero() ? null : worth.div(quantity).toDecimalPlaces(8).toFixed();
}
