import * as z from "zod";
import { BracketInput, CancelInput, ModifyInput, OrderInput } from "../orders/order-input.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { PreviewAnswer } from "../orders/ticket.ts";
import { ContractCandidate } from "./contracts-search.ts";
import { defineOperation } from "./define-operation.ts";
import { AccountId, Source, Timestamp } from "./field-types.ts";

/** What to prepare. Nothing is sent: a modify or cancel is previewed against the order as it works. */
export const PreviewRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("order"), order: OrderInput }),
  z.strictObject({ kind: z.literal("bracket"), bracket: BracketInput }),
  z.strictObject({
    kind: z.literal("oca"),
    account_id: AccountId,
    orders: z.array(OrderInput).min(2).max(6),
  }),
  z.strictObject({ kind: z.literal("modify"), change: ModifyInput }),
  z.strictObject({ kind: z.literal("cancel"), cancel: CancelInput }),
]);
export type PreviewRequest = z.infer<typeof PreviewRequest>;

/** A ticket the sidecar keeps under its own id: approvals name the id, never the ticket. */
export const PreviewedTicket = PreviewAnswer.extend({
  outcome: z.literal("ticket"),
  preview_id: z.string().min(1).max(64),
  source: Source,
  /** The sidecar forgets the ticket then; later approvals of it are refused. */
  kept_until: Timestamp,
  /** What this PC's own caps and kill switch would refuse if it were submitted now. */
  local_refusals: z.array(OrderRefusal).max(50),
  /** The least tier this PC insists on, whatever the policy says. */
  least_tier: z.union([z.literal(1), z.literal(2)]),
  notes: z.array(z.string()),
});
export type PreviewedTicket = z.infer<typeof PreviewedTicket>;

export const PreviewOutcome = z.discriminatedUnion("outcome", [
  PreviewedTicket,
  z.strictObject({
    outcome: z.literal("refused"),
    refusals: z.array(OrderRefusal).min(1).max(50),
    /** What an ambiguous symbol may mean. */
    candidates: z.array(ContractCandidate).max(50),
  }),
]);
export type PreviewOutcome = z.infer<typeof PreviewOutcome>;

export const orderPreview = defineOperation({
  name: "order.preview",
  class: "read",
  capability: "broker.read",
  /** The account stands here too, where the edge's checks look for it; both must be the same. */
  input: z.strictObject({ account_id: AccountId, request: PreviewRequest }),
  output: PreviewOutcome,
  deadlineMs: 30_000,
});
