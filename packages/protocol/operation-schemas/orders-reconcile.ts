import * as z from "zod";
import { OrderEvidence } from "../orders/order-state.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, provenance } from "./field-types.ts";
import { OrderRef } from "./order-parts.ts";
import { Order } from "./orders-list.ts";
import { OwnBookReport } from "./own-book.ts";

/**
 * Asks the broker's book about order references: the live orders (forced, then read until two reads
 * agree), the trades, and the status of what was found. Spaced as the broker wants it, so it takes
 * a quarter of a minute. `not_found` is not proof of absence; only the quiet period is.
 */
export const ordersReconcile = defineOperation({
  name: "orders.reconcile",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: AccountId,
    order_refs: z.array(OrderRef).max(50),
  }),
  output: z.strictObject({
    account_id: AccountId,
    /** One entry per reference asked for, in order. */
    results: z.array(
      z.strictObject({
        order_ref: OrderRef,
        found: z.boolean(),
        /** The broker once answered that it knows the reference; its absence proves nothing then. */
        claimed: z.boolean().optional(),
        /** What the book says of it; null when it says nothing. */
        evidence: OrderEvidence.nullable(),
        orders: z.array(Order).max(6),
        /** Ids of its executions. */
        executions: z.array(z.string().max(80)).max(100),
      }),
    ),
    /** Every order of the broker's day, foreign ones too, for the cross-check against the log. */
    orders: z.array(Order).max(1_000),
    /** The PC's own book against this reading; a PC of an older version has none. */
    own_book: OwnBookReport.optional(),
    /** True when two reads agreed and every row could be read. */
    proved: z.boolean(),
    ...provenance,
  }),
  deadlineMs: 60_000,
});
