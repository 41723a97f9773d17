import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import {
  AccountId,
  inputAccountId,
  inputPage,
  page,
  provenance,
  Timestamp,
} from "./field-types.ts";
import { Order } from "./orders-list.ts";

/**
 * Orders of the broker's day, and older ones as far as their executions tell (at most seven days).
 * The API keeps no longer memory; statements do.
 */
export const ordersHistory = defineOperation({
  name: "orders.history",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    from: Timestamp.optional().describe("Not before, UTC"),
    to: Timestamp.optional().describe("Not after, UTC"),
    status: z
      .enum(["open", "filled", "cancelled", "all"])
      .default("all")
      .describe("Only orders in this state"),
    ...inputPage,
  }),
  output: z.strictObject({
    account_id: AccountId,
    orders: z.array(Order),
    proved: z.boolean(),
    page,
    ...provenance,
  }),
  deadlineMs: 25_000,
});
