import * as z from "zod";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId, Timestamp } from "./field-types.ts";
import { ApprovalId, IdempotencyKey, PreviewId } from "./order-ids.ts";
import { ShownOrder } from "./shown-order.ts";

export const APPROVAL_STATES_SHOWN = [
  "pending",
  "approved",
  "reserved",
  "consumed",
  "denied",
  "expired",
  "revoked",
] as const;

export const ShownApproval = z.strictObject({
  approval_id: ApprovalId,
  preview_id: PreviewId,
  state: z.enum(APPROVAL_STATES_SHOWN),
  /** 0 was given under a mandate, without a tap. */
  tier: z.int().min(0).max(2),
  /** The mandate it was given under; null where the owner decides. */
  mandate_id: z.string().nullable(),
  /** True where the owner's *Approve and send* submits it; the agent then need not. */
  submit_on_approval: z.boolean(),
  /** Open it as the signed-in owner; it grants nothing by itself. */
  approval_url: z.string(),
  expires_at: Timestamp,
});

export type ShownApproval = z.infer<typeof ShownApproval>;

/** The owner's approval also sends it, under this key, as the agent's own submit would. */
const sendOnApproval = {
  submit_on_approval: z.boolean().optional(),
  idempotency_key: IdempotencyKey.optional(),
};

export const tradeAsk = defineEdgeOperation({
  name: "trade.ask",
  input: z.strictObject({
    account_id: AccountId,
    preview_id: PreviewId,
    ttl_seconds: z.int().min(60).max(3_600).optional(),
    ...sendOnApproval,
  }),
  output: z.strictObject({
    account_id: AccountId,
    /** `granted`: inside a mandate that the owner signed; nobody was asked. */
    outcome: z.enum(["asked", "granted", "refused"]),
    approval: ShownApproval.nullable(),
    refusals: z.array(OrderRefusal),
    next_step: z.string(),
  }),
  deadlineMs: 10_000,
});

export const tradeApproval = defineEdgeOperation({
  name: "trade.approval",
  input: z.strictObject({ account_id: AccountId, approval_id: ApprovalId }),
  output: z.strictObject({
    account_id: AccountId,
    approval: ShownApproval,
    /** The order it was used for; null while it was not. */
    order: ShownOrder.nullable(),
    next_step: z.string(),
  }),
  deadlineMs: 5_000,
});
