import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import { ownApproverFaults } from "../../trust/verify/probation.ts";
import { ownerSigned } from "../approval/owner-signature.ts";
import { type IntentRecord, outcomeOf } from "../journal/intent-record.ts";
import { refusedOutcome } from "../journal/refused-outcome.ts";
import { checkGrant } from "../local-policy/local-rules.ts";
import { announceAnswer, announceCounter } from "../notify/order-notices.ts";
import type { SubmitContext } from "../submit/submit-context.ts";
import { numberFaults } from "./question-number.ts";

/**
 * Answers the broker's open question. No needs nobody; yes needs the owner's passkey over the
 * question as this sidecar heard it, because a yes can change the order or cancel others; and where
 * placing the order took this PC's number, so does the yes.
 */
export interface AnswerInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  reply_id: string;
  confirm: boolean;
  owner: {
    fingerprints: string[];
    nonce: string;
    not_after: string;
    assertion: Assertion;
    /** The number shown at this PC; null when none came. */
    echo: number | null;
  } | null;
}

/** Of the submit context, what an answer works with. */
export type AnswerContext = Pick<
  SubmitContext,
  "store" | "clock" | "relyingParty" | "simulator" | "reach" | "echo"
> & {
  rules: Pick<SubmitContext["rules"], "policy" | "caps">;
  conversation: Pick<SubmitContext["conversation"], "waiting" | "pause" | "answer">;
};

export async function answerQuestion(
  parts: AnswerContext,
  request: Pick<OperationRequest, "grant" | "begin">,
  input: AnswerInput,
): Promise<OrderOutcome> {
  const { store, conversation, clock, rules } = parts;
  checkGrant(request.grant, input, rules.policy());
  const record = store.intent(input.coid);
  const waiting = conversation.waiting();
  if (
    record === null ||
    record.account_id !== input.account_id ||
    waiting?.coid !== input.coid ||
    waiting.replyId !== input.reply_id
  ) {
    return refusedOutcome(
      "place",
      input,
      [
        refusal(
          "ORDER_NOT_MODIFIABLE",
          "reply_id",
          "question_open",
          "This question is not open any more.",
        ),
      ],
      clock.now(),
    );
  }
  const goOn = conversation.pause();
  let after: IntentRecord | null;
  try {
    const faults = input.confirm ? await ownerFaults(parts, record, input) : [];
    if (faults.length > 0) return { ...outcomeOf(record), refusals: faults };
    after = await conversation.answer(input.coid, input.reply_id, {
      confirm: input.confirm,
      by: "owner",
      begin: () => request.begin?.(),
    });
  } finally {
    goOn();
  }
  if (after === null) {
    const latest = store.intent(input.coid) ?? record;
    return outcomeOf(latest);
  }
  return outcomeOf(after);
}

async function ownerFaults(
  parts: AnswerContext,
  record: IntentRecord,
  { owner }: AnswerInput,
): Promise<OrderRefusal[]> {
  const { store, clock } = parts;
  const question = record.question;
  if (owner === null || question === null) {
    return [
      refusal(
        "APPROVAL_MISSING",
        "owner",
        "owner_confirms",
        "Confirming the broker's question needs the owner's passkey.",
      ),
    ];
  }
  const fingerprints = question.messages.map(({ fingerprint }) => fingerprint);
  if (fingerprints.join() !== owner.fingerprints.join()) {
    return [
      refusal(
        "APPROVAL_CHALLENGE_MISMATCH",
        "fingerprints",
        "own_question",
        "The answer is to another question than the one this PC heard.",
      ),
    ];
  }
  const { refusals, key, counter } = await ownerSigned(
    {
      db: store.db,
      relyingParty: parts.relyingParty,
      simulator: parts.simulator,
      nowMs: clock.now(),
      ofExit: record.effect === "exit",
    },
    {
      act: "question",
      question: {
        intent_hash: record.intent_hash,
        reply_id: question.reply_id,
        fingerprints,
        confirm: true,
        nonce: owner.nonce,
        not_after: owner.not_after,
      },
    },
    owner,
  );
  // Judged last and only behind a valid signature: who has none learns nothing and spends no try.
  if (refusals.length > 0 || key === null) return refusals;
  if (counter !== "new") announceCounter(parts.reach, key.label);
  const limited = ownApproverFaults(store.db, key, record.ticket.order.mode);
  if (limited.length > 0) return limited;
  const wrong = numberFaults(parts, record, question, owner.echo, key);
  if (wrong.length === 0) announceAnswer(parts.reach, record.ticket, question);
  return wrong;
}
