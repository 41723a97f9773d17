import * as z from "zod";
import { Hash } from "../orders/intent.ts";
import { OrderEvidence, OrderState } from "../orders/order-state.ts";
import { AccountId, BrokerText, Source, Timestamp } from "./field-types.ts";
import { BrokerOrderId, IntentOrder, OpenQuestion, OrderRef } from "./order-parts.ts";
import { StatedOrder } from "./own-book.ts";

/**
 * What the order side of the sidecar tells on its own account, beside the broker's news
 * (`events.ts`). `kind` sets these apart from those; `event_key` is the same whenever the same thing
 * is told again.
 */
const told = {
  event_key: z.string().max(200),
  source: Source,
  observed_at: Timestamp,
  account_id: AccountId,
  coid: OrderRef,
  intent_hash: Hash.nullable(),
};

/** `broker.order`: the intent's state changed; `evidence` is what changed it. */
export const IntentStateEvent = z.strictObject({
  kind: z.literal("intent_state"),
  ...told,
  /** The relay's job that began it. */
  job_id: z.string().max(64).nullable(),
  state: OrderState,
  before: OrderState,
  evidence: OrderEvidence,
  orders: z.array(IntentOrder).max(6),
  /** What the PC has stated of it in its own book; absent where nothing was sent. */
  stated: StatedOrder.optional(),
});
export type IntentStateEvent = z.infer<typeof IntentStateEvent>;

/** `broker.order`: the PC stated something of an order whose state had been told before. */
export const OrderStatedEvent = z.strictObject({
  kind: z.literal("order_stated"),
  event_key: z.string().max(200),
  source: Source,
  observed_at: Timestamp,
  coid: OrderRef,
  stated: StatedOrder,
});
export type OrderStatedEvent = z.infer<typeof OrderStatedEvent>;

/** `broker.question`: asked, answered or lapsed; the full text, for the audit. */
export const IntentQuestionEvent = z.strictObject({
  kind: z.literal("intent_question"),
  ...told,
  happened: z.enum(["asked", "confirmed", "declined", "lapsed"]),
  by: z.enum(["broker", "approval", "owner", "sidecar"]),
  question: OpenQuestion,
});
export type IntentQuestionEvent = z.infer<typeof IntentQuestionEvent>;

export const INTENT_ALERTS = [
  /** A filled or working entry stands without (all of) its exits. */
  "unprotected_position",
  "outcome_unknown",
  "needs_owner",
  "question_waiting",
  /** The broker shows as alive what was proved to have ended. */
  "resurrected",
  /** An order bears a reference of ours that this sidecar never sent. */
  "unexplained_order",
  "kill_switch_engaged",
  "session_lost",
] as const;

/** `broker.alert`: the owner must look. */
export const IntentAlertEvent = z.strictObject({
  kind: z.literal("intent_alert"),
  event_key: z.string().max(200),
  source: Source,
  observed_at: Timestamp,
  alert: z.enum(INTENT_ALERTS),
  account_id: AccountId.nullable(),
  coid: OrderRef.nullable(),
  intent_hash: Hash.nullable(),
  /** In our words. */
  message: z.string().max(500),
  broker_text: BrokerText.nullable(),
  /** Orders that may be cancelled without an approval to put it right. */
  cancel_offered: z.array(BrokerOrderId).max(10),
});
export type IntentAlertEvent = z.infer<typeof IntentAlertEvent>;
