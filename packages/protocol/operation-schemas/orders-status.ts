import * as z from "zod";
import { defineOperation } from "./define-operation.ts";
import { BrokerText, inputAccountId, provenance } from "./field-types.ts";
import { Order } from "./orders-list.ts";

export const ordersStatus = defineOperation({
  name: "orders.status",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({
    account_id: inputAccountId,
    order_id: z
      .string()
      .regex(/^\d{1,20}$/)
      .describe("From the orders list"),
  }),
  output: z.strictObject({
    order: Order,
    editable: z.boolean().nullable(),
    cancellable: z.boolean().nullable(),
    /** The broker's own sentence about the order. */
    description: BrokerText.nullable(),
    ...provenance,
  }),
  deadlineMs: 15_000,
});
