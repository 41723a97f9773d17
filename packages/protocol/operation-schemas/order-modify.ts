import * as z from "zod";
import { ApprovalProof } from "../approval/approval-proof.ts";
import { ClientOrderId, Hash } from "../orders/intent.ts";
import { defineOperation } from "./define-operation.ts";
import { OrderOutcome, orderWrite } from "./order-parts.ts";

/** Sends a previewed, approved change of a working order of this gateway; the order is restated whole. */
export const orderModify = defineOperation({
  name: "order.modify",
  class: "write",
  capability: "orders.paper",
  alsoUnder: "orders.live",
  input: z.strictObject({
    ...orderWrite,
    coid: ClientOrderId,
    intent_hash: Hash,
    approval: ApprovalProof,
  }),
  output: OrderOutcome,
  deadlineMs: 20_000,
});
