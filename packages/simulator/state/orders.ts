import type { Decimal } from "decimal.js";
import type { OrderType } from "../market/contract-rules.ts";

export type OrderStatus =
  | "Inactive"
  | "PendingSubmit"
  | "PreSubmitted"
  | "Submitted"
  | "Filled"
  | "PendingCancel"
  | "Cancelled";

/** What an order asks for, once it has been understood. */
export interface OrderDraft {
  account: string;
  conid: number;
  conidex: string;
  side: "BUY" | "SELL";
  type: OrderType;
  tif: string;
  quantity: Decimal;
  /** The limit, the stop's trigger, or the cap, by type. */
  price: Decimal | undefined;
  /** The trigger of a stop-limit. */
  auxPrice: Decimal | undefined;
  trailing: { amount: Decimal; percent: boolean } | undefined;
  outsideRth: boolean;
  /** The caller's own id, shown again as `order_ref`. */
  ref: string | undefined;
  /** The parent's cOID, on a bracket's child. */
  parentRef: string | undefined;
  /** One of a group of which only one shall fill. */
  single: boolean;
  cashQuantity: Decimal | undefined;
}

export interface Order extends OrderDraft {
  id: number;
  filled: Decimal;
  averagePrice: Decimal;
  status: OrderStatus;
  /** Why the system ended it; empty while it did not. */
  reason: string;
  origin: "api" | "mobile" | "tws";
  parent: number | undefined;
  group: string | undefined;
  /** A stop whose trigger was reached. */
  triggered: boolean;
  /** Where a trailing stop stands now. */
  trailStop: Decimal | undefined;
  priceManaged: boolean;
  createdAt: number;
  changedAt: number;
  expiresAt: number;
  /** Not listed before this instant: a fault. */
  hiddenUntil: number;
  /** Answered with an id and lost: a fault. */
  lost: boolean;
  /** Sizes of the fills still to come, once the first was found. */
  pieces: Decimal[];
  /** False once the day's list has dropped it. */
  listed: boolean;
}

export interface Execution {
  id: string;
  order: Order;
  size: Decimal;
  price: Decimal;
  commission: Decimal;
  at: number;
  exchange: string;
}

/** The order book of the broker: it outlives every session. */
export interface OrderBook {
  orders: Map<number, Order>;
  executions: Execution[];
  /** When each cOID was first seen. */
  refs: Map<string, { at: number; orders: number[] }>;
}

/** Whether nothing can happen to the order any more. */
export function isFinished(order: Order): boolean {
  return order.status === "Filled" || order.status === "Cancelled" || order.status === "Inactive";
}

/** What is not filled yet, in units of the contract. */
export function remaining(order: Order): Decimal {
  return order.quantity.minus(order.filled);
}
