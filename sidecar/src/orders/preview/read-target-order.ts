import type { Order } from "@ibkr-edge-gateway/protocol/operation-schemas/orders-list.ts";
import { orderTypeWord, timeInForceWord } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import type { Leg, TargetOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { OrderDecimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OrderType } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { Decimal } from "decimal.js";
import { canStillTrade } from "../../client-portal/domain/order-rows.ts";
import { factsOf } from "../../operation-handlers/find-contracts.ts";
import { readOrders } from "../../operation-handlers/live-orders.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import type { ResolvedAccount } from "../../operation-handlers/resolve-account.ts";
import type { OrderStore } from "../journal/order-store.ts";
import { contractOf } from "./resolve-contract.ts";

/** The working order that a change or a cancel is about, as the broker's list shows it now. */
export type TargetRead =
  | { ok: true; target: TargetOrder }
  | { ok: false; refusals: OrderRefusal[] };

const not = (rule: string, message: string): TargetRead => ({
  ok: false,
  refusals: [refusal("ORDER_NOT_MODIFIABLE", "order_id", rule, message)],
});

export async function readTarget(
  context: OperationContext,
  account: ResolvedAccount,
  store: OrderStore,
  orderId: string,
  purpose: "modify" | "cancel",
): Promise<TargetRead> {
  const read = await readOrders(context, account);
  const row = read.orders.find(({ order_id }) => order_id === orderId);
  if (row === undefined) {
    return not("in_broker_list", "The broker's list of this account does not show the order.");
  }
  if (!canStillTrade(row.status)) {
    return not("working", `The order has ended: it is ${row.status.replace("_", " ")}.`);
  }
  if (purpose === "modify" && row.status !== "working" && row.status !== "partially_filled") {
    return not("working", "The order does not stand at the broker yet, or is being cancelled.");
  }
  const own =
    (row.order_ref === null ? null : store.byRef(row.order_ref)) ?? store.byOrderId(orderId);
  const kept = own?.ticket.order.legs[own.orders.findIndex(({ order_id }) => order_id === orderId)];
  const before = await legOf(context, row, kept);
  if (before === null) {
    return not("readable", "The broker's list does not say enough of the order to restate it.");
  }
  return {
    ok: true,
    target: {
      order_id: orderId,
      order_ref: row.order_ref,
      foreign: own === null,
      before,
      filled_quantity: row.filled ?? "0",
    },
  };
}

async function legOf(
  context: OperationContext,
  row: Order,
  kept: Leg | undefined,
): Promise<Leg | null> {
  if (row.conid === null || row.side === null) return null;
  const { facts } = await factsOf(context, [row.conid]);
  const fact = facts.get(row.conid);
  const contract = fact === undefined ? null : contractOf(row.conid, fact);
  const type = orderTypeWord(row.order_type) ?? kept?.order_type;
  const tif = timeInForceWord(row.time_in_force) ?? kept?.time_in_force;
  if (contract === null || type === undefined || tif === undefined) return null;
  const prices = pricesOf(type, row);
  const trailing = type === "TRAIL" || type === "TRAILLMT" ? (kept?.trailing ?? null) : null;
  if ((type === "TRAIL" || type === "TRAILLMT") && trailing === null) return null;
  const quantity = positive(row.quantity);
  if (quantity === null) return null;
  return {
    role: "single",
    contract,
    side: row.side === "buy" ? "BUY" : "SELL",
    order_type: type,
    quantity,
    cash_quantity: null,
    ...prices,
    trailing,
    time_in_force: tif,
    outside_rth: row.outside_rth ?? false,
  };
}

function pricesOf(type: OrderType, row: Order): Pick<Leg, "limit_price" | "stop_price"> {
  const limit = positive(row.limit_price);
  const stop = positive(row.stop_price);
  switch (type) {
    case "MKT":
    case "TRAIL":
      return { limit_price: null, stop_price: null };
    case "LMT":
    case "MIDPRICE":
      return { limit_price: limit, stop_price: null };
    case "STP":
      return { limit_price: null, stop_price: stop };
    default:
      return { limit_price: limit, stop_price: stop };
  }
}

function positive(text: string | null): string | null {
  if (text === null || !OrderDecimal.safeParse(text).success) return null;
  return new Decimal(text).greaterThan(0) ? text : null;
}
