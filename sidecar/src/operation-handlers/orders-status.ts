import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import { ordersStatus } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-status.ts";
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
    order:
      listed === undefined || own === null
        ? order
        : {
            ...listed,
            // The list shows CLOSE and no price once an order is filled; the status still knows.
            limit_price: listed.limit_price ?? own.limit_price,
            stop_price: listed.stop_price ?? own.stop_price,
            currency: listed.currency ?? own.currency,
            time_in_force: own.time_in_force ?? listed.time_in_force,
          },
    editable: status?.order_not_editable == null ? null : !status.order_not_editable,
    cancellable: status?.cannot_cancel_order == null ? null : !status.cannot_cancel_order,
    description: brokerText(status?.order_description_with_contract ?? status?.order_description),
    ...provenance(context, [read.part, ...(detail === null ? [] : [detail])], read.notes),
  };
});

/** Prices of 0 stand for "none" in this endpoint. */
const priceOf = (value: string | null): string | null => (value === "0" ? null : value);

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
    order_ref: null,
    parentId: null,
    ocaGroupId: null,
    conid: status.conid,
    ticker: status.symbol,
    secType: status.sec_type,
    listingExchange: status.listing_exchange,
    cashCcy: status.currency,
    side: status.side,
    orderType: status.order_type,
    origOrderType: null,
    price: priceOf(status.limit_price ?? status.price),
    auxPrice: priceOf(status.stop_price),
    stop_price: null,
    timeInForce: label(status.tif, 20),
    outsideRTH: status.outside_rth,
    totalSize: status.total_size ?? status.size,
    filledQuantity: status.filled_quantity ?? status.cum_fill,
    remainingQuantity: status.remaining_quantity,
    avgPrice: status.avg_fill_price ?? status.average_price,
    status: status.order_status,
    order_ccp_status: null,
    order_cancellation_by_system_reason: null,
    lastExecutionTime_r: null,
  };
  return orderFrom(row, isOwn);
}
