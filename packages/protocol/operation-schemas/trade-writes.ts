import * as z from "zod";
import { ModifyInput } from "../orders/order-input.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { TradingMode } from "../orders/order-terms.ts";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId } from "./field-types.ts";
import { ApprovalId, IdempotencyKey, OrderRefText, PreviewId } from "./order-ids.ts";
import { BrokerOrderId } from "./order-parts.ts";
import { RehearsedRequest } from "./order-rehearse.ts";
import { ShownOrder } from "./shown-order.ts";
import { ShownApproval } from "./trade-approvals.ts";

/** The answer to every order write. `pending`: it is under way; ask again with the same key. */
const writeAnswer = z.strictObject({
  account_id: AccountId,
  outcome: z.enum(["answered", "pending", "refused", "approval_needed", "rehearsed"]),
  /** True when this key was answered before: nothing was sent by this call. */
  replayed: z.boolean(),
  order: ShownOrder.nullable(),
  approval: ShownApproval.nullable(),
  refusals: z.array(OrderRefusal),
  next_step: z.string(),
  /** Only in the answer to a rehearsal: every gate was asked, nothing was sent. */
  rehearsed: z.literal(true).exactOptional(),
  /** What a submit at this moment would send; null where it would be refused. Only with `rehearsed`. */
  would_send: z
    .strictObject({ in_words: z.string(), ...RehearsedRequest.shape })
    .nullable()
    .exactOptional(),
});

export type WriteAnswer = z.infer<typeof writeAnswer>;

export const tradeSubmit = defineEdgeOperation({
  name: "trade.submit",
  input: z.strictObject({
    account_id: AccountId,
    mode: TradingMode,
    /** `bracket` stands for every order of several legs: a group goes out the same way. */
    structure: z.enum(["single", "bracket"]),
    approval_id: ApprovalId,
    preview_id: PreviewId.optional(),
    idempotency_key: IdempotencyKey,
    /** Every gate at both ends, and nothing sent, kept or used up. */
    rehearse: z.boolean().optional(),
  }),
  output: writeAnswer,
  deadlineMs: 25_000,
});

export const tradeCancel = defineEdgeOperation({
  name: "trade.cancel",
  input: z.strictObject({
    account_id: AccountId,
    mode: TradingMode,
    order_id: BrokerOrderId,
    idempotency_key: IdempotencyKey,
  }),
  output: writeAnswer,
  deadlineMs: 45_000,
});

export const tradeModify = defineEdgeOperation({
  name: "trade.modify",
  input: ModifyInput.extend({
    mode: TradingMode,
    approval_id: ApprovalId.optional(),
    /** On the call that asks: the owner's approval also sends the change. */
    submit_on_approval: z.boolean().optional(),
    idempotency_key: IdempotencyKey,
  }),
  output: writeAnswer,
  deadlineMs: 45_000,
});

export const tradeQuestion = defineEdgeOperation({
  name: "trade.question",
  input: z.strictObject({ account_id: AccountId, order_ref: OrderRefText }),
  output: z.strictObject({ account_id: AccountId, order: ShownOrder, next_step: z.string() }),
  deadlineMs: 5_000,
});
