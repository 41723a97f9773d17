import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** `/iserver/account/order/status/{id}`: other names for nearly everything the list has. */
const OrderStatus = z.looseObject({
  order_id: wire.id,
  account: wire.text,
  order_clearing_account: wire.text,
  conid: wire.conid,
  symbol: wire.text,
  sec_type: wire.text,
  listing_exchange: wire.text,
  currency: wire.currency,
  side: wire.text,
  order_type: wire.text,
  limit_price: wire.price,
  price: wire.price,
  stop_price: wire.price,
  tif: wire.text,
  outside_rth: wire.flag,
  total_size: wire.size,
  size: wire.size,
  cum_fill: wire.size,
  filled_quantity: wire.size,
  remaining_quantity: wire.size,
  average_price: wire.price,
  avg_fill_price: wire.price,
  order_status: wire.text,
  order_ref: wire.id,
  oca_group_id: wire.id,
  /** When it was placed. */
  order_time: wire.compactTime,
  order_not_editable: wire.flag,
  cannot_cancel_order: wire.flag,
  order_description_with_contract: wire.text,
  order_description: wire.text,
  order_status_description: wire.text,
});
export type OrderStatus = z.output<typeof OrderStatus>;

export function orderStatus(orderId: string): Ask<OrderStatus> {
  return {
    name: "iserver.order-status",
    path: `/iserver/account/order/status/${orderId}`,
    needs: "brokerage",
    ttlMs: 1_000,
    decode: readWith("iserver.order-status", OrderStatus),
    // 503 stands for "not found" here; 400 does too.
    onRefused: () =>
      new GatewayError(failure("NOT_FOUND", "The broker knows no such order in this session.")),
  };
}
