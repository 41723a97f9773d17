import type { OrderEvidence } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { draftOf, type IntentDraft } from "../journal/intent-change.ts";
import type {
  ConversationEffect,
  ConversationEnv,
  ConversationState,
  ConversationStep,
  ConversationWrite,
} from "./conversation-state.ts";

/** One step in the making: the record, the state and the acts. */
export interface ConversationDraft {
  state: ConversationState;
  readonly intent: IntentDraft;
  /** Besides the record itself. */
  readonly writes: ConversationWrite[];
  /** After what is told of the intent. */
  readonly acts: ConversationEffect[];
  readonly now: number;
}

/** Throws a RangeError when the journal has no such intent: nothing can be said of it. */
export function beginConversation(
  state: ConversationState,
  env: ConversationEnv,
): ConversationDraft {
  if (env.record === null) throw new RangeError("no such intent in the journal");
  return { state, intent: draftOf(env.record, env), writes: [], acts: [], now: env.now };
}

export function end(draft: ConversationDraft): ConversationStep {
  const { intent, state, writes, acts } = draft;
  return {
    state,
    writes: [
      ...(intent.changed ? [{ kind: "save" as const, record: intent.record }] : []),
      ...writes,
    ],
    effects: [...intent.effects, ...acts],
  };
}

export function evidence(
  draft: ConversationDraft,
  source: OrderEvidence["source"],
  says: OrderEvidence["says"],
): OrderEvidence {
  return { source, says, filled: null, remaining: null, at: isoTime(draft.now) };
}
