import type { OrderEffects } from "../orders/injected-fault-effects.ts";
import type { OrderDraft } from "./orders.ts";

/** One thing the broker asks before it takes an order. */
export interface Asking {
  /** `o163`; empty for a question that is text alone. */
  id: string;
  /** May hold HTML. */
  text: string;
  /** What a Yes does to the order, or to others. */
  onYes: "nothing" | "cap" | "price-management" | "cancel-others";
}

/** The question a submission is waiting at, with those that follow it. */
export interface Question {
  replyId: string;
  chain: Asking[];
  drafts: OrderDraft[];
  /** The order that is being changed, when this is no new one. */
  modifies: number | undefined;
  effects: OrderEffects;
  askedAt: number;
  generation: number;
}
