import * as z from "zod";
import { ClientOrderId, Hash } from "../orders/intent.ts";
import { OrderRefusal } from "../orders/order-refusal.ts";
import { OrderState, ProofSource } from "../orders/order-state.ts";
import { TradingMode } from "../orders/order-terms.ts";
import { BrokerMessage } from "../orders/ticket.ts";
import { AccountId, BrokerText, Timestamp } from "./field-types.ts";

/** What the order operations share. */

/** Positive: the broker reads -1 as every order of the account. */
export const BrokerOrderId = z.string().regex(/^[1-9]\d{0,18}$/);

/** A reference the broker shows on an order: ours (a cOID, or a group member's), or anybody's. */
export const OrderRef = z.string().min(1).max(64);

/** Which account an order write is about. The sidecar holds both against what the broker proves. */
export const orderWrite = {
  account_id: AccountId,
  mode: TradingMode,
};

/** A question of the broker's that waits for an answer; unanswered, the sidecar declines it. */
export const OpenQuestion = z.strictObject({
  reply_id: z.string().min(1).max(128),
  messages: z.array(BrokerMessage).min(1).max(20),
  /** Why it was not confirmed by itself. */
  reason: z.string().max(300),
  asked_at: Timestamp,
  /** When the sidecar will have declined it. */
  lapses_at: Timestamp,
});
export type OpenQuestion = z.infer<typeof OpenQuestion>;

/** One broker order of an intent, as the last thing that spoke of it says. */
export const IntentOrder = z.strictObject({
  role: z.enum(["single", "entry", "take_profit", "stop_loss", "oca_member"]),
  order_ref: OrderRef,
  /** Null until the broker gave one. */
  order_id: BrokerOrderId.nullable(),
  state: OrderState,
  /** The broker's own word; null when none was heard. */
  broker_status: z.string().max(40).nullable(),
  filled: z.string().max(40).nullable(),
  remaining: z.string().max(40).nullable(),
});
export type IntentOrder = z.infer<typeof IntentOrder>;

export const AnsweredQuestion = z.strictObject({
  message_id: z.string().max(20).nullable(),
  fingerprint: Hash,
  confirmed: z.boolean(),
  by: z.enum(["approval", "owner", "sidecar"]),
});
export type AnsweredQuestion = z.infer<typeof AnsweredQuestion>;

/**
 * What came of an order write, and by what that is proved. `rejected` with `sidecar_not_sent` and
 * refusals is an order that never left; `unknown` is looked into by the sidecar itself, which tells
 * the rest by events.
 */
export const OrderOutcome = z.strictObject({
  action: z.enum(["place", "modify", "cancel"]),
  account_id: AccountId,
  coid: ClientOrderId,
  intent_hash: Hash.nullable(),
  state: OrderState,
  proved_by: ProofSource,
  /** Every reason, when the sidecar refused. */
  refusals: z.array(OrderRefusal).max(50),
  /** The broker's words, when it refused or was not understood; the PC's, when it took nothing up. */
  broker_text: BrokerText.nullable(),
  orders: z.array(IntentOrder).max(6),
  question: OpenQuestion.nullable(),
  answered: z.array(AnsweredQuestion).max(40),
  /** What the owner must know, in our words: protection missing, a cancel that came too late. */
  alerts: z.array(z.string().max(300)).max(10),
  at: Timestamp,
});
export type OrderOutcome = z.infer<typeof OrderOutcome>;
