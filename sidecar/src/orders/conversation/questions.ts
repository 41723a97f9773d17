import {
  type BrokerQuestion,
  decideQuestion,
} from "@ibkr-edge-gateway/protocol/orders/broker-question.ts";
import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { alert, apply, note, tellQuestion } from "../journal/intent-change.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { AnswerSource } from "./conclude.ts";
import { type ConversationDraft, evidence } from "./conversation-draft.ts";
import type { Replying, Waiting } from "./conversation-state.ts";

/** Messages that every order of a kind meets; seen once, they are shown in the next preview. */
const ROUTINE: ReadonlySet<string> = new Set(["o10151", "o10152", "o10331", "o10138"]);

/** The kind of order a routine message belongs to: its action and its order types. */
export function routineKind(order: CanonicalOrder): string {
  const types = [...new Set(order.legs.map(({ order_type }) => order_type))].sort();
  return `${order.action} ${types.join("+")}`;
}

/**
 * The broker asks. A question whose every message the approval accepted word for word is confirmed;
 * any other waits for the owner. What may not go on any more is declined.
 */
export function asked(
  draft: ConversationDraft,
  question: BrokerQuestion,
  rounds: number,
  source: AnswerSource,
  mayGoOn: boolean,
): void {
  const { intent, now } = draft;
  const lapsesAt = now + ORDER_LIMITS.questionPatienceMs;
  apply(intent, evidence(draft, source, "question"), {
    question: {
      reply_id: question.reply_id,
      messages: question.messages,
      reason: "",
      asked_at: isoTime(now),
      lapses_at: isoTime(lapsesAt),
    },
  });
  const { ticket, accepted_warnings, coid } = intent.record;
  for (const message of question.messages) {
    if (message.message_id !== null && ROUTINE.has(message.message_id)) {
      draft.writes.push({
        kind: "routine_question",
        orderKind: routineKind(ticket.order),
        message,
      });
    }
  }
  tellQuestion(intent, "asked", "broker");
  const decision =
    rounds >= ORDER_LIMITS.questionChain
      ? ({ decision: "ask_owner", reason: "The broker asks too many questions." } as const)
      : decideQuestion(question, accepted_warnings);
  const open = { coid, question, rounds, declineAt: lapsesAt };
  if (decision.decision === "confirm") {
    reply(draft, open, mayGoOn ? "confirm" : "decline", mayGoOn ? "approval" : "sidecar");
    return;
  }
  const kept = intent.record.question;
  if (kept !== null) note(intent, { question: { ...kept, reason: decision.reason } });
  alert(intent, {
    alert: "question_waiting",
    message: `The broker asks before it takes an order: ${decision.reason}`,
  });
  draft.state = { ...open, phase: "waiting", paused: false };
  draft.acts.push({ kind: "settled", coid, failed: false });
}

/** Sets a reply on its way. It is written down at the last look, right before its first byte. */
export function reply(
  draft: ConversationDraft,
  open: Pick<Waiting, "coid" | "question" | "rounds" | "declineAt">,
  how: "confirm" | "decline",
  by: Replying["by"],
): void {
  const { coid, question, rounds, declineAt } = open;
  const confirm = how === "confirm";
  draft.state = {
    phase: "replying",
    coid,
    question,
    rounds,
    declineAt,
    confirm,
    by,
    sent: false,
    lapsed: false,
  };
  draft.acts.push({ kind: "post_reply", coid, replyId: question.reply_id, confirmed: confirm });
}

/** The journal's word that this reply is being sent. */
export function replySent(draft: ConversationDraft, replying: Replying): void {
  const { intent } = draft;
  const { confirm, by, question } = replying;
  const rows = question.messages.map(({ message_id, fingerprint }) => ({
    message_id,
    fingerprint,
    confirmed: confirm,
    by,
  }));
  tellQuestion(intent, confirm ? "confirmed" : "declined", by);
  note(intent, { answered: [...intent.record.answered, ...rows] });
  apply(intent, evidence(draft, "reply_answer", "question_answered"));
  draft.state = { ...replying, sent: true };
}
