import * as z from "zod";
import { ClientOrderId } from "../orders/intent.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Source, Timestamp } from "./field-types.ts";
import { OrderOutcome } from "./order-parts.ts";

/**
 * What this sidecar's own journal knows of one intent. Costs the broker nothing; `null` means that
 * this sidecar never began such an intent, which is proof that it sent none.
 */
export const orderStatus = defineOperation({
  name: "order.status",
  class: "read",
  capability: "broker.read",
  input: z.strictObject({ account_id: AccountId, coid: ClientOrderId }),
  output: z.strictObject({
    source: Source,
    as_of: Timestamp,
    intent: OrderOutcome.nullable(),
  }),
  deadlineMs: 5_000,
});
