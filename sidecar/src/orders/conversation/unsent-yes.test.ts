import { expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import type { ConversationState } from "./conversation-state.ts";
import { conversationStep } from "./conversation-step.ts";

/** The owner's yes to a broker's question could not leave this PC (no room at the pacer, no connection). */
it("an owner's yes that did not leave has left the question open, to be answered again", () => {
  const question = { reply_id: "r1", messages: [] };
  const record = anIntentRecord(0, {
    state: "awaiting_confirmation",
    sent: true,
    sent_at: START_MS,
    effect: "exit",
    question: {
      reply_id: "r1",
      messages: [],
      reason: "?",
      asked_at: new Date(START_MS).toISOString(),
      lapses_at: new Date(START_MS + 60_000).toISOString(),
    },
  });
  const state: ConversationState = {
    phase: "replying",
    coid: record.coid,
    question,
    rounds: 0,
    declineAt: START_MS + 60_000,
    confirm: true,
    by: "owner",
    sent: false,
    lapsed: false,
  };
  const step = conversationStep(
    state,
    {
      kind: "post_ended",
      exchange: { kind: "no_answer", sent: false, cause: "refused" },
      mayGoOn: true,
    },
    { now: START_MS + 1_000, source: "simulator", record },
  );
  expect(step.state.phase).toBe("waiting");
});
