import * as z from "zod";
import { ApprovalProof } from "../approval/approval-proof.ts";
import { ClientOrderId, Hash } from "../orders/intent.ts";
import { defineOperation } from "./define-operation.ts";
import { OrderOutcome, orderWrite } from "./order-parts.ts";

/**
 * Sends a previewed, approved order: single, bracket or group, in one POST. The ticket is not in the
 * input: it is the sidecar's own, under the approval's preview id. Intent hash and cOID are the
 * edge's word for what the sidecar computes itself; a difference is a refusal.
 */
export const orderPlace = defineOperation({
  name: "order.place",
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
