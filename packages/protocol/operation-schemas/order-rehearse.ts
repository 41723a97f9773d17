import * as z from "zod";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Timestamp } from "./field-types.ts";
import { orderPlace } from "./order-place.ts";

/** What would leave for the broker: the path and the body of the one POST. */
export const RehearsedRequest = z.strictObject({
  path: z.string().max(200),
  body: z.record(z.string(), z.unknown()),
});
export type RehearsedRequest = z.infer<typeof RehearsedRequest>;

/**
 * Takes an approved order through every gate of `order.place`, the last look included, and stops
 * before anything is kept or sent: the approval stays unused and no connection to the broker's order
 * path is opened. A wrong number costs what it costs at `order.place`, so that nobody can guess here.
 */
export const orderRehearse = defineOperation({
  name: "order.rehearse",
  class: "read",
  capability: "orders.paper",
  alsoUnder: "orders.live",
  input: orderPlace.input,
  output: z.strictObject({
    account_id: AccountId,
    /** Every reason for which `order.place` would be refused now. */
    refusals: z.array(OrderRefusal).max(50),
    /** Null exactly when there are refusals. */
    would_send: RehearsedRequest.nullable(),
    /** Another order holds the broker's order session, so this one would wait its turn. */
    would_wait: z.boolean(),
    as_of: Timestamp,
  }),
  deadlineMs: 20_000,
});
