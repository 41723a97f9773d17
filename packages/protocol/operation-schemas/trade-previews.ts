import * as z from "zod";
import { CanonicalOrder } from "../orders/canonical-order.ts";
import {
  BracketInput as BracketFields,
  GroupInput as GroupFields,
  OrderInput as OrderFields,
} from "../orders/order-input.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { TradingMode } from "../orders/order-terms.ts";
import { BrokerMessage, TicketQuote, WhatIf } from "../orders/ticket.ts";
import { ContractCandidate } from "./contracts-search.ts";
import { defineEdgeOperation } from "./edge-operations.ts";
import { AccountId, Source, Timestamp } from "./field-types.ts";
import { PreviewId } from "./order-ids.ts";

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
