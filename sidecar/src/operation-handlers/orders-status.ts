import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { ordersStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-status.ts";
import { Decimal } from "decimal.js";
import { brokerText, label } from "../client-portal/broker-text.ts";
import { orderFrom } from "../client-portal/domain/order-rows.ts";
import { type OrderStatus, orderStatus } from "../client-portal/endpoints/order-status.ts";
import type { OrderRow } from "../client-portal/endpoints/orders.ts";
import type { Answer } from "../client-portal/portal-interface.ts";
import { readOrders } from "./live-orders.ts";
import { provenance } from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import { resolveAccount } from "./resolve-account.ts";

/**
 * One order. The list says whose it is; the status endpoint, which answers only about the selected
 * account, adds what may still be done with it. Where it does not answer, the list stands alone.
 */
export const serveOrdersStatus = serve(ordersStatus, async (context, input) => {
  const account = await resolveAccount(context, input.account_id);
  const [read, detail] = await Promise.all([
    readOrders(context, account),
    context.ask(orderStatus(input.order_id)).catch((error: unknown): Answer<OrderStatus> | null => {
      if (error instanceof GatewayError && error.failure.code === "NOT_FOUND") return null;
      throw error;
    }),
  ]);
  const listed = read.orders.find((order) => order.order_id === input.order_id);
  const own = detail === null ? null : fromStatus(detail.value, account, context.isOwnOrder);
  const order = listed ?? own;
  if (order === undefined || order === null) {
    throw new GatewayError(
      failure(
        "NOT_FOUND",
        "This account has no such order in the broker's day. Older ones are in the history.",
      ),
    );
  }
  const status = detail?.value;
  return {
    order: listed === undefined || own === null ? order : joined(listed, own),
    editable: status?.order_not_editable == null ? null : !status.order_not_editable,
    cancellable: status?.cannot_cancel_order == null ? null : !status.cannot_cancel_order,
    description: brokerText(status?.order_description_with_contract ?? status?.order_description),
    ...provenance(context, [read.part, ...(detail === null ? [] : [detail])], read.notes),
  };
});

/**
 * The list's word and, where it says nothing, the status endpoint's: the list shows CLOSE and no price
 * once an order is filled, and leaves out fields that the status has.
 */
function joined(listed: Order, own: Order): Order {
  return {
    ...listed,
    order_ref: listed.order_ref ?? own.order_ref,
    oca_group: listed.oca_group ?? own.oca_group,
    conid: listed.conid ?? own.conid,
    symbol: listed.symbol ?? own.symbol,
    asset_class: listed.asset_class ?? own.asset_class,
    exchange: listed.exchange ?? own.exchange,
    currency: listed.currency ?? own.currency,
    side: listed.side ?? own.side,
    order_type: listed.order_type ?? own.order_type,
    limit_price: listed.limit_price ?? own.limit_price,
    stop_price: listed.stop_price ?? own.stop_price,
    time_in_force: own.time_in_force ?? listed.time_in_force,
    outside_rth: listed.outside_rth ?? own.outside_rth,
    quantity: listed.quantity ?? own.quantity,
    filled: listed.filled ?? own.filled,
    remaining: listed.remaining ?? own.remaining,
    average_price: listed.average_price ?? own.average_price,
    reason: listed.reason ?? own.reason,
    updated_at: listed.updated_at ?? own.updated_at,
  };
}

/** All that is ordered and not filled; null where either is not told. */
function leftOf(status: OrderStatus): string | null {
  const filled = status.filled_quantity ?? status.cum_fill;
  if (status.total_size === null || filled === null) return null;
  return Decimal.max(0, new Decimal(status.total_size).minus(filled)).toFixed();
}

function fromStatus(
  status: OrderStatus,
  account: { accountId: string; accountCount: number },
  isOwn: (orderRef: string) => boolean,
) {
  const named =
    status.account ??
    status.order_clearing_account ??
    (account.accountCount === 1 ? account.accountId : null);
  if (named !== account.accountId) return null;
  const row: OrderRow = {
    acct: named,
    account: named,
    orderId: status.order_id,
    order_ref: status.order_ref,
    parentId: null,
    ocaGroupId: status.oca_group_id,
    conid: status.conid,
    ticker: status.symbol,
    secType: status.sec_type,
    listingExchange: status.listing_exchange,
    cashCcy: status.currency,
    side: status.side,
    orderType: status.order_type,
    origOrderType: null,
    price: status.limit_price ?? status.price,
    auxPrice: status.stop_price,
    stop_price: null,
    timeInForce: label(status.tif, 20),
    outsideRTH: status.outside_rth,
    totalSize: status.total_size ?? status.size,
    filledQuantity: status.filled_quantity ?? status.cum_fill,
    remainingQuantity: status.remaining_quantity ?? leftOf(status),
    avgPrice: status.avg_fill_price ?? status.average_price,
    status: status.order_status,
    order_ccp_status: null,
    order_cancellation_by_system_reason: null,
    lastExecutionTime_r: status.order_time,
    lastExecutionTime: null,
  };
  return orderFrom(row, isOwn);
}
