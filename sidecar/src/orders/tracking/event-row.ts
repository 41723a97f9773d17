import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";

/** An order as told, as a row of the list again. */
export function rowOf(order: Order): OrderRow {
  return OrderRow.parse({
    account: order.account_id,
    orderId: order.order_id,
    order_ref: order.order_ref,
    parentId: order.parent_id,
    ocaGroupId: order.oca_group,
    conid: order.conid,
    side: order.side,
    orderType: order.order_type,
    origOrderType: order.order_type,
    price: order.limit_price,
    auxPrice: order.stop_price,
    totalSize: order.quantity,
    filledQuantity: order.filled,
    remainingQuantity: order.remaining,
    status: order.broker_status,
  });
}
