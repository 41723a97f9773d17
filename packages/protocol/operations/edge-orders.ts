import * as z from "zod";
import { CanonicalOrder } from "../orders/canonical-order.ts";
import {
  BracketInput as BracketFields,
  GroupInput as GroupFields,
  ModifyInput,
  OrderInput as OrderFields,
} from "../orders/order-input.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { OrderState, ProofSource } from "../orders/order-state.ts";
import { TradingMode } from "../orders/order-terms.ts";
import { BrokerMessage, TicketQuote, WhatIf } from "../orders/ticket.ts";
import { ContractCandidate } from "./contracts-search.ts";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId, BrokerText, Source, Timestamp } from "./field-types.ts";
import { BrokerOrderId, IntentOrder, OpenQuestion } from "./order-parts.ts";

/**
 * What an agent may ask the account object about orders. The object asks the sidecar itself where
 * it has to; an agent never reaches `order.place` and its kind but through these.
 */
export const IdempotencyKey = z.string().regex(/^[A-Za-z0-9._:-]{8,128}$/);
export const PreviewId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
export const ApprovalId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const OrderRefText = z.string().regex(/^[A-Za-z0-9-]{1,40}$/);

/** One failed check of the policy: what was seen, what is allowed, how far apart. */
export const PolicyFailure = z.strictObject({
  code: z.string(),
  check: z.string(),
  message: z.string(),
  observed: z.string().nullable(),
  limit: z.string().nullable(),
  headroom: z.string().nullable(),
});

export type PolicyFailure = z.infer<typeof PolicyFailure>;

/** A ticket as an agent and its human read it. */
export const ShownPreview = z.strictObject({
  preview_id: PreviewId,
  mode: TradingMode,
  /** The order in one line, in the gateway's words. */
  in_words: z.string(),
  order: CanonicalOrder,
  market: TicketQuote.nullable(),
  /** Worst case, in `base_currency`; null is unknown, never zero. */
  notional: z.string().nullable(),
  base_currency: z.string(),
  what_if: WhatIf.nullable(),
  /** The broker's own words. Outside text: data, never an instruction. */
  warnings: z.array(BrokerMessage),
  /** True when nothing known stands in the way of asking the owner. */
  may_be_asked: z.boolean(),
  policy_failures: z.array(PolicyFailure),
  pc_refusals: z.array(OrderRefusal),
  policy_version: z.int(),
  /** 0 none needed, 1 one tap, 2 a tap, typed numbers and the number shown at the PC. */
  tier: z.int().min(0).max(2),
  expires_at: Timestamp,
  source: Source,
  notes: z.array(z.string()),
});
export type ShownPreview = z.infer<typeof ShownPreview>;

const previewAnswer = z.strictObject({
  account_id: AccountId,
  outcome: z.enum(["prepared", "refused"]),
  preview: ShownPreview.nullable(),
  refusals: z.array(OrderRefusal),
  candidates: z.array(ContractCandidate),
  next_step: z.string(),
});
export type PreviewAnswerShown = z.infer<typeof previewAnswer>;

export const tradePreview = defineEdgeOperation({
  name: "trade.preview",
  input: OrderFields,
  output: previewAnswer,
  deadlineMs: 35_000,
});

export const tradePreviewBracket = defineEdgeOperation({
  name: "trade.preview_bracket",
  input: BracketFields,
  output: previewAnswer,
  deadlineMs: 35_000,
});

export const tradePreviewGroup = defineEdgeOperation({
  name: "trade.preview_group",
  input: GroupFields,
  output: previewAnswer,
  deadlineMs: 35_000,
});

/** What is known of one order, and by what it is proved. */
export const ShownOrder = z.strictObject({
  /** Our reference (cOID): what the broker shows beside the order. */
  order_ref: OrderRefText,
  action: z.enum(["place", "modify", "cancel"]),
  state: OrderState,
  /** What the state means, and what it does not. */
  means: z.string(),
  /** It waits at the broker until its market opens for it first; null when it need not, or has opened since. */
  waits_until: Timestamp.nullable(),
  proved_by: ProofSource.nullable(),
  orders: z.array(IntentOrder),
  question: OpenQuestion.nullable(),
  refusals: z.array(OrderRefusal),
  broker_text: BrokerText.nullable(),
  alerts: z.array(z.string()),
  updated_at: Timestamp,
});
export type ShownOrder = z.infer<typeof ShownOrder>;

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

/** The answer to every order write. `pending`: it is under way; ask again with the same key. */
const writeAnswer = z.strictObject({
  account_id: AccountId,
  outcome: z.enum(["answered", "pending", "refused", "approval_needed"]),
  /** True when this key was answered before: nothing was sent by this call. */
  replayed: z.boolean(),
  order: ShownOrder.nullable(),
  approval: ShownApproval.nullable(),
  refusals: z.array(OrderRefusal),
  next_step: z.string(),
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

const ShownKill = z.strictObject({
  scope: z.enum(["gateway", "broker_account", "agent", "sidecar"]),
  engaged_by: z.enum(["owner", "policy", "agent", "sidecar"]),
  reason: z.string(),
  effect: z.string(),
  since: Timestamp,
});

const killAnswer = z.strictObject({
  engaged: z.boolean(),
  /** Those that cover this agent or an account it may use. */
  switches: z.array(ShownKill),
  /** What passes while one is engaged. */
  still_possible: z.array(z.string()),
  /** Own working orders that were asked to be withdrawn. */
  cancelling: z.int().nonnegative(),
  next_step: z.string(),
});

export const tradeKillStatus = defineEdgeOperation({
  name: "trade.kill_status",
  input: z.strictObject({}),
  output: killAnswer,
  deadlineMs: 2_000,
});

export const tradeKill = defineEdgeOperation({
  name: "trade.kill",
  input: z.strictObject({
    reason: z.string().min(1).max(200),
    cancel_working_orders: z.boolean().default(false),
  }),
  output: killAnswer,
  deadlineMs: 5_000,
});

export const tradeLimits = defineEdgeOperation({
  name: "trade.limits",
  input: z.strictObject({ account_id: AccountId }),
  output: z.strictObject({
    account_id: AccountId,
    policy_version: z.int().nullable(),
    policy_hash: z.string().nullable(),
    mode: TradingMode.nullable(),
    trading_state: z.enum(["active", "reducing", "halted"]),
    switches: z.strictObject({ paper: z.boolean(), live: z.boolean() }),
    limits: z.array(
      z.strictObject({
        limit: z.string(),
        used: z.string().nullable(),
        bound: z.string(),
        headroom: z.string().nullable(),
      }),
    ),
    /** Ceilings of one order, for planning. */
    per_order: z.array(z.strictObject({ limit: z.string(), bound: z.string() })),
    in_doubt: z.int().nonnegative(),
    as_of: Timestamp,
  }),
  deadlineMs: 5_000,
});

export const tradeReconcile = defineEdgeOperation({
  name: "trade.reconcile",
  input: z.strictObject({ account_id: AccountId }),
  output: z.strictObject({
    account_id: AccountId,
    /** The broker's book agreed with itself; without that nothing is concluded from it. */
    proved: z.boolean(),
    looked_for: z.int().nonnegative(),
    orders: z.array(ShownOrder),
    /** Orders at the broker that this gateway did not send. */
    foreign: z.array(
      z.strictObject({
        order_id: z.string(),
        order_ref: z.string().nullable(),
        symbol: z.string().nullable(),
        side: z.string().nullable(),
        status: z.string(),
      }),
    ),
    /** They bear a reference of this gateway and no approval of it. */
    unexplained: z.array(z.string()),
    still_in_doubt: z.int().nonnegative(),
    next_step: z.string(),
  }),
  deadlineMs: 70_000,
});

export const EDGE_ORDER_OPERATIONS = {
  "trade.preview": tradePreview,
  "trade.preview_bracket": tradePreviewBracket,
  "trade.preview_group": tradePreviewGroup,
  "trade.ask": tradeAsk,
  "trade.approval": tradeApproval,
  "trade.submit": tradeSubmit,
  "trade.cancel": tradeCancel,
  "trade.modify": tradeModify,
  "trade.question": tradeQuestion,
  "trade.kill_status": tradeKillStatus,
  "trade.kill": tradeKill,
  "trade.limits": tradeLimits,
  "trade.reconcile": tradeReconcile,
} as const;
export type EdgeOrderOperationName = keyof typeof EDGE_ORDER_OPERATIONS;

/**
 * Whether a name is that of an order operation that the account object answers or carries out
 * itself.
 */
export function isEdgeOrderOperation(name: string): name is EdgeOrderOperationName {
  return Object.hasOwn(EDGE_ORDER_OPERATIONS, name);
}
