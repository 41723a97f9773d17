import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

/** `/iserver/account/order/status/{id}`: other names for nearly everything the list has. */
const OrderStatus = z.looseObject({
  order_id: wire.text,
  account: wire.text,
  order_clearing_account: wire.text,
  conid: wire.conid,
  symbol: wire.text,
  sec_type: wire.text,
  listing_exchange: wire.text,
  currency: wire.currency,
  side: wire.text,
  order_type: wire.text,
  limit_price: wire.decimal,
  price: wire.decimal,
  stop_price: wire.decimal,
  tif: wire.text,
  outside_rth: wire.boolean,
  total_size: wire.decimal,
  size: wire.decimal,
  cum_fill: wire.decimal,
  filled_quantity: wire.decimal,
  remaining_quantity: wire.decimal,
  average_price: wire.decimal,
  avg_fill_price: wire.decimal,
  order_status: wire.text,
  order_not_editable: wire.boolean,
  cannot_cancel_order: wire.boolean,
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
