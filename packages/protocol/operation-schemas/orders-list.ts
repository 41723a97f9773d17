import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  BrokerText,
  Conid,
  Currency,
  DecimalText,
  inputAccountId,
  inputPage,
  page,
  provenance,
  Timestamp,
} from "./field-types.ts";

/** Ours, in plain words; the broker's own word stands beside it. `inactive` is not sent, or rejected. */
export const ORDER_STATUSES = [
  "pending",
  "working",
  "partially_filled",
  "filled",
  "pending_cancel",
  "cancelled",
  "inactive",
  "unknown",
] as const;

export const Order = z.strictObject({
  account_id: AccountId,
  order_id: z.string().max(40),
  /** The client's own id of the order (cOID), when it had one. */
  order_ref: z.string().max(64).nullable(),
  /** `foreign`: placed elsewhere (TWS, phone, another program); shown, never changed. */
  origin: z.enum(["gateway", "foreign"]),
  parent_id: z.string().max(64).nullable(),
  oca_group: z.string().max(64).nullable(),
  conid: Conid.nullable(),
  symbol: z.string().max(100).nullable(),
  asset_class: z.string().max(20).nullable(),
  exchange: z.string().max(40).nullable(),
  /** Of all prices in this order. */
  currency: Currency.nullable(),
  side: z.enum(["buy", "sell"]).nullable(),
  order_type: z.string().max(40).nullable(),
  limit_price: DecimalText.nullable(),
  stop_price: DecimalText.nullable(),
  time_in_force: z.string().max(20).nullable(),
  outside_rth: z.boolean().nullable(),
  quantity: DecimalText.nullable(),
  filled: DecimalText.nullable(),
  remaining: DecimalText.nullable(),
  average_price: DecimalText.nullable(),
  status: z.enum(ORDER_STATUSES),
  broker_status: z.string().max(40).nullable(),
  /** Why the system cancelled or rejected it, in the broker's words. */
  reason: BrokerText.nullable(),
  updated_at: Timestamp.nullable(),
});
export type Order = z.infer<typeof Order>;

export const ordersList = defineOperation({
  name: "orders.list",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    show: z
      .enum(["open", "all"])
      .default("open")
      .describe("open: orders that can still trade; all: everything of the broker's day"),
    ...inputPage,
  }),
  output: z.strictObject({
    account_id: AccountId,
    orders: z.array(Order),
    /** False when the broker's list could not be confirmed; then an empty list does NOT mean no orders. */
    proved: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 20_000,
});
