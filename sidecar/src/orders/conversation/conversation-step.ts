import {
  type BrokerExchange,
  classifyAnswer,
} from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { apply, note, tellQuestion } from "../journal/intent-change.ts";
import { conclude, type FinalAnswer } from "./conclude.ts";
import { beginConversation, type ConversationDraft, end, evidence } from "./conversation-draft.ts";
import {
  type ConversationEnv,
  type ConversationInput,
  type ConversationState,
  type ConversationStep,
  coidOf,
  IDLE,
  type Replying,
} from "./conversation-state.ts";
import { asked, reply, replySent } from "./questions.ts";

/**
 * One step of the confirmation conversation. Pure: the time and the journal's record come with
 * `env`. An input that does not fit the state changes nothing.
 */
export function conversationStep(
  state: ConversationState,
  input: ConversationInput,
  env: ConversationEnv,
): ConversationStep {
  if (coidOf(state, input) === null) return { state, writes: [], effects: [] };
  const draft = beginConversation(state, env);
  take(draft, input);
  return end(draft);
}

function take(draft: ConversationDraft, input: ConversationInput): void {
  const { state } = draft;
  switch (input.kind) {
    case "place":
      place(draft, input.coid);
      return;
    case "last_look":
      if (input.clear) lastLook(draft);
      return;
    case "post_ended":
      if (state.phase === "placing") orderEnded(draft, state.sent, input);
      if (state.phase === "replying") replyEnded(draft, state, input);
      return;
    case "post_failed":
      if (state.phase === "placing") orderFailed(draft, state.sent, input.refusals);
      if (state.phase === "replying") replyFailed(draft, state);
      return;
    case "answer":
      answer(draft, input);
      return;
    case "pause":
    case "resume":
      if (state.phase === "waiting") draft.state = { ...state, paused: input.kind === "pause" };
      return;
    case "tick":
      if (state.phase === "waiting" && !state.paused && draft.now >= state.declineAt) {
        reply(draft, state, "decline", "sidecar");
      }
      return;
    case "session_lost":
      if (state.phase === "waiting") lapse(draft, false);
      if (state.phase === "replying" && !state.sent) draft.state = { ...state, lapsed: true };
      return;
    case "unjournaled":
      unjournaled(draft);
      return;
    case "restart":
      restart(draft);
  }
}

/** Only an intent that was never sent is sent, and only while no other conversation goes on. */
function place(draft: ConversationDraft, coid: string): void {
  const { record } = draft.intent;
  if (draft.state.phase !== "idle" || record.sent || record.state !== "submitting") return;
  draft.state = { phase: "placing", coid, sent: false };
  draft.acts.push({ kind: "post_order", coid });
}

/** Between the standing connection and the first byte: the journal says it before it happens. */
function lastLook(draft: ConversationDraft): void {
  const { state, intent } = draft;
  if (state.phase === "placing" && !state.sent) {
    note(intent, { sent: true, sent_at: draft.now });
    draft.state = { ...state, sent: true };
  } else if (state.phase === "replying" && !state.sent && !(state.confirm && state.lapsed)) {
    replySent(draft, state);
  } else {
    return;
  }
  draft.acts.push({ kind: "go" });
}

interface Ended {
  exchange: BrokerExchange;
  mayGoOn: boolean;
}

function orderEnded(draft: ConversationDraft, sent: boolean, { exchange, mayGoOn }: Ended): void {
  if (!sent) {
    notSent(draft, [noRoom(exchange)], false);
    return;
  }
  const { action } = draft.intent.record;
  const classified = classifyAnswer(action, exchange);
  note(draft.intent, { sent_at: draft.now });
  if (classified.outcome === "question")
    asked(draft, classified.question, 0, "submit_answer", mayGoOn);
  else conclude(draft, classified, "submit_answer");
}

function orderFailed(
  draft: ConversationDraft,
  sent: boolean,
  refusals: readonly OrderRefusal[] | null,
): void {
  if (!sent) {
    notSent(draft, refusals ?? [], refusals === null);
    return;
  }
  conclude(draft, noAnswer(null), "submit_answer", true);
}

/** Nothing left this PC, and the journal can prove it. */
function notSent(
  draft: ConversationDraft,
  refusals: readonly OrderRefusal[],
  failed: boolean,
): void {
  const { coid } = draft.intent.record;
  apply(draft.intent, evidence(draft, "sidecar_not_sent", "rejected"), {
    refusals: [...refusals],
  });
  draft.state = IDLE;
  draft.acts.push({ kind: "release" }, { kind: "settled", coid, failed });
}

function replyEnded(
  draft: ConversationDraft,
  replying: Replying,
  { exchange, mayGoOn }: Ended,
): void {
  // A reply that did not leave has left the question open at the broker. The owner may answer it
  // again until it is declined; anything else lapses there.
  if (exchange.kind === "no_answer" && !exchange.sent) {
    if (ownersYes(replying)) askAgain(draft, replying);
    else conclude(draft, noAnswer(exchange.cause), "reply_answer");
    return;
  }
  note(draft.intent, { sent_at: draft.now });
  const classified = classifyAnswer("reply", exchange);
  if (classified.outcome !== "question") {
    conclude(draft, classified, "reply_answer");
  } else if (replying.confirm) {
    asked(draft, classified.question, replying.rounds + 1, "reply_answer", mayGoOn);
  } else {
    // A no that is answered with another question is no end.
    conclude(draft, { outcome: "ambiguous", reason: "unknown_shape", text: null }, "reply_answer");
  }
}

function replyFailed(draft: ConversationDraft, replying: Replying): void {
  if (replying.sent || !replying.confirm) {
    conclude(draft, noAnswer(null), "reply_answer");
  } else if (replying.by === "approval") {
    // The kill switch fell between the decision and the first byte: the answer is no.
    reply(draft, replying, "decline", "sidecar");
  } else if (replying.lapsed) {
    lapse(draft, true);
  } else {
    askAgain(draft, replying);
  }
}

/** An owner's yes of which nothing left this PC, to a question that is still open at the broker. */
function ownersYes({ by, confirm, sent, lapsed }: Replying): boolean {
  return by === "owner" && confirm && !sent && !lapsed;
}

/** The question waits on, until the same moment as before. */
function askAgain(draft: ConversationDraft, replying: Replying): void {
  const { coid, question, rounds, declineAt } = replying;
  draft.state = { phase: "waiting", coid, question, rounds, declineAt, paused: false };
  draft.acts.push({ kind: "settled", coid, failed: true });
}

function answer(
  draft: ConversationDraft,
  input: Extract<ConversationInput, { kind: "answer" }>,
): void {
  const { state } = draft;
  const open =
    state.phase === "waiting" &&
    state.coid === input.coid &&
    state.question.reply_id === input.replyId;
  if (!open || (input.confirm && input.by !== "owner")) return;
  reply(draft, state, input.confirm ? "confirm" : "decline", input.by);
}

/** The broker forgot the question with its session; whether the order lives is not known. */
function lapse(draft: ConversationDraft, failed: boolean): void {
  tellQuestion(draft.intent, "lapsed", "sidecar");
  conclude(draft, noAnswer(null), "reply_answer", failed);
}

/** Whatever broke, the session comes free and the order is looked for. */
function unjournaled(draft: ConversationDraft): void {
  const { coid } = draft.intent.record;
  restart(draft);
  draft.state = IDLE;
  draft.acts.push(
    { kind: "release" },
    { kind: "track", coid, how: "doubt" },
    { kind: "settled", coid, failed: true },
  );
}

/** What the last run left in the middle of something, from the journal alone. */
function restart(draft: ConversationDraft): void {
  const { intent } = draft;
  const { state, sent } = intent.record;
  if (state === "submitting" && !sent) {
    apply(intent, evidence(draft, "sidecar_not_sent", "rejected"));
  } else if (state === "submitting" || state === "awaiting_confirmation") {
    tellQuestion(intent, "lapsed", "sidecar");
    apply(intent, evidence(draft, "gateway", "ambiguous"));
  }
}

const noAnswer = (text: string | null): FinalAnswer => ({
  outcome: "ambiguous",
  reason: "no_answer",
  text,
});

const noRoom = (exchange: BrokerExchange): OrderRefusal =>
  refusal(
    "BROKER_BACKEND_UNAVAILABLE",
    "broker",
    "reachable",
    `The broker's gateway could not be reached, and nothing was sent (${
      exchange.kind === "no_answer" ? exchange.cause : exchange.kind
    }).`,
  );
