import type { Source } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import type { BrokerQuestion } from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import type { BrokerExchange } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { BrokerMessage } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { IntentEffect } from "../journal/intent-change.ts";
import type { IntentRecord } from "../journal/intent-record.ts";

/**
 * The confirmation conversation of one broker session: from the order's POST, over the broker's
 * questions, to a terminal answer. There is one at a time. What survives the process is the journal
 * alone; this is what the running process knows besides.
 */
export type ConversationState =
  | { readonly phase: "idle" }
  /** The order itself is on its way; `sent` once the journal says so, before the first byte. */
  | { readonly phase: "placing"; readonly coid: string; readonly sent: boolean }
  | Replying
  | Waiting;

interface Asked {
  readonly coid: string;
  readonly question: BrokerQuestion;
  /** Questions of this submission answered before this one. */
  readonly rounds: number;
  /** Milliseconds; then the question is declined. No answer that fails moves it. */
  readonly declineAt: number;
}

/** A reply is on its way. */
export interface Replying extends Asked {
  readonly phase: "replying";
  readonly confirm: boolean;
  readonly by: "approval" | "owner" | "sidecar";
  /** The journal says that it is being sent. */
  readonly sent: boolean;
  /** The broker session ended before the reply was sent. */
  readonly lapsed: boolean;
}

/** The question is open and waits for the owner. */
export interface Waiting extends Asked {
  readonly phase: "waiting";
  /** Somebody's answer is being checked; the question is not declined meanwhile. */
  readonly paused: boolean;
}

export type ConversationInput =
  /** The intent is in the journal, and its POST may go. */
  | { readonly kind: "place"; readonly coid: string }
  /** The connection stands; `clear` is false when something forbids the first byte. */
  | { readonly kind: "last_look"; readonly clear: boolean }
  /** The broker answered, or did not; `mayGoOn` is false when nothing may be confirmed any more. */
  | { readonly kind: "post_ended"; readonly exchange: BrokerExchange; readonly mayGoOn: boolean }
  /** The POST broke off at this PC; with the reasons when it was held back at the last look. */
  | {
      readonly kind: "post_failed";
      readonly refusals: readonly OrderRefusal[] | null;
    }
  | {
      readonly kind: "answer";
      readonly coid: string;
      readonly replyId: string;
      readonly confirm: boolean;
      /** The sidecar itself only ever declines. */
      readonly by: "owner" | "sidecar";
    }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "tick" }
  | { readonly kind: "session_lost" }
  /** The journal could not be written: the outcome of what was sent is not known. */
  | { readonly kind: "unjournaled" }
  /** The process started and found this intent in the journal. */
  | { readonly kind: "restart"; readonly coid: string };

export interface ConversationEnv {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly source: Source;
  /** The journal's record of `coidOf(state, input)`; the tracking may have changed it meanwhile. */
  readonly record: IntentRecord | null;
}

export type ConversationWrite =
  | { readonly kind: "save"; readonly record: IntentRecord }
  /** A message that every order of a kind meets, for the next preview. */
  | {
      readonly kind: "routine_question";
      readonly orderKind: string;
      readonly message: BrokerMessage;
    };

export type ConversationEffect =
  | IntentEffect
  | { readonly kind: "post_order"; readonly coid: string }
  | {
      readonly kind: "post_reply";
      readonly coid: string;
      readonly replyId: string;
      readonly confirmed: boolean;
    }
  /** The first byte may leave now. Absent from the answer to a last look, it must not. */
  | { readonly kind: "go" }
  | { readonly kind: "track"; readonly coid: string; readonly how: "watch" | "doubt" }
  /** The broker session is free for the next order. */
  | { readonly kind: "release" }
  /** Whoever waits for this conversation gets the record, or the error that stopped it. */
  | { readonly kind: "settled"; readonly coid: string; readonly failed: boolean };

export interface ConversationStep {
  readonly state: ConversationState;
  /** To be committed to the journal before the state is adopted or an effect carried out. */
  readonly writes: readonly ConversationWrite[];
  readonly effects: readonly ConversationEffect[];
}

export const IDLE: ConversationState = { phase: "idle" };

/** The intent whose record a step needs; null when it needs none. */
export function coidOf(state: ConversationState, input: ConversationInput): string | null {
  if (input.kind === "place" || input.kind === "restart") return input.coid;
  return state.phase === "idle" ? null : state.coid;
}

/** When `tick` is due, in milliseconds; null when nothing waits for time to pass. */
export function dueAt(state: ConversationState): number | null {
  return state.phase === "waiting" && !state.paused ? state.declineAt : null;
}
