import type { Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";

/** A buying leg of each type with the prices that its type needs, around a market of 187. */
export const LEG_OF_TYPE: Record<OrderType, Partial<Leg>> = {
  LMT: { order_type: "LMT", limit_price: "187.25" },
  MKT: { order_type: "MKT", limit_price: null },
  STP: { order_type: "STP", limit_price: null, stop_price: "190" },
  STOP_LIMIT: { order_type: "STOP_LIMIT", limit_price: "191", stop_price: "190" },
  TRAIL: { order_type: "TRAIL", limit_price: null, trailing: { unit: "percent", offset: "1" } },
  TRAILLMT: {
    order_type: "TRAILLMT",
    limit_price: "191",
    stop_price: "190",
    trailing: { unit: "percent", offset: "1" },
  },
  MIDPRICE: { order_type: "MIDPRICE", limit_price: "187.25" },
};
