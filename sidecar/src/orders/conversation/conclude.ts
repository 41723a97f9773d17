import type { Classified } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { isBookRead, isOpen } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { brokerText } from "../../client-portal/broker-text.ts";
import { alert, apply, note } from "../journal/intent-change.ts";
import { principalOrder } from "../journal/intent-record.ts";
import { type ConversationDraft, evidence } from "./conversation-draft.ts";
import { IDLE } from "./conversation-state.ts";
import { withAnswer } from "./reply-rows.ts";

/** An answer that ends the conversation. */
export type FinalAnswer = Exclude<Classified, { outcome: "question" }>;
export type AnswerSource = "submit_answer" | "reply_answer";

/** The conversation is over: what the answer proves goes to the record, and the session comes free. */
export function conclude(
  draft: ConversationDraft,
  answer: FinalAnswer,
  source: AnswerSource,
  failed = false,
): void {
  const { coid } = draft.intent.record;
  const track = judge(draft, answer, source);
  draft.state = IDLE;
  draft.acts.push({ kind: "release" });
  if (track !== null) draft.acts.push({ kind: "track", coid, how: track });
  draft.acts.push({ kind: "settled", coid, failed });
}

/** What the record learns, and how the order is followed from here; null when it is not. */
function judge(
  draft: ConversationDraft,
  answer: FinalAnswer,
  source: AnswerSource,
): "watch" | "doubt" | null {
  const { intent } = draft;
  const before = intent.record;
  if (answer.outcome === "refused") {
    apply(intent, evidence(draft, source, "rejected"), { broker_text: brokerText(answer.text) });
    return null;
  }
  if (answer.outcome === "ambiguous") {
    if (isOpen(before.state) && isBookRead(before.proved_by)) {
      // The book showed the order while the answer was awaited: a lost answer unproves nothing.
      note(intent, { broker_text: brokerText(answer.text) });
      return null;
    }
    apply(intent, evidence(draft, source, "ambiguous"), {
      broker_text: brokerText(answer.text),
      claimed: before.claimed || answer.reason === "already_registered",
    });
    return "doubt";
  }
  return taken(draft, answer, source);
}

function taken(
  draft: ConversationDraft,
  answer: Extract<FinalAnswer, { outcome: "transmitted" }>,
  source: AnswerSource,
): "watch" | "doubt" {
  const { intent } = draft;
  const before = intent.record;
  const orders = withAnswer(before.orders, answer.rows, before.action);
  if (principalOrder({ ...before, orders })?.state !== "accepted") {
    // An id and a failure at once: only the book can say.
    apply(intent, evidence(draft, source, "ambiguous"), { orders });
    return "doubt";
  }
  apply(intent, evidence(draft, source, "accepted"), {
    orders,
    told: answer.complete ? before.told : [...before.told, "looked_for_exits"],
  });
  if (!answer.complete && before.ticket.order.structure === "bracket") {
    alert(intent, {
      alert: "unprotected_position",
      message:
        "The broker took a bracket's entry but not all of its exits. What it fills may stand without its stop.",
      brokerText: brokerText(answer.rows.find((row) => !row.taken)?.text),
      // The entry first: it is what must not fill.
      cancelOffered: answer.rows
        .filter((row) => row.taken)
        .toSorted((a, b) => Number(a.parent_order_id !== null) - Number(b.parent_order_id !== null))
        .flatMap((row) => row.order_id ?? []),
    });
  }
  return "watch";
}
