import type { Assertion } from "../../../src/protocol/approval/assertion.ts";
import { statementHash } from "../../../src/protocol/approval/statement.ts";
import type { OrderOutcome } from "../../../src/protocol/operations/order-parts.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import type { OperationRequest } from "../operations/executor.ts";
import { findApprover, raiseCounter } from "../trust/approvers.ts";
import { claimNonce, isNonceUsed } from "../trust/nonces.ts";
import { verifyAssertion } from "../trust/verify-assertion.ts";
import { checkGrant } from "./local-rules.ts";
import { type IntentRecord, outcomeOf } from "./record.ts";
import { refusedOutcome, type SubmitParts } from "./submit.ts";

/**
 * Answers the broker's open question. No needs nobody; yes needs the owner's passkey over the
 * question as this sidecar heard it, because a yes can change the order or cancel others.
 */
export interface AnswerInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  reply_id: string;
  confirm: boolean;
  owner: { fingerprints: string[]; nonce: string; not_after: string; assertion: Assertion } | null;
}

export async function answerQuestion(
  parts: SubmitParts,
  request: OperationRequest,
  input: AnswerInput,
): Promise<OrderOutcome> {
  const { store, talk, clock, rules } = parts;
  checkGrant(request.grant, input, rules.policy());
  const record = store.intent(input.coid);
  const waiting = talk.waiting();
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
  const goOn = talk.pause();
  let after: IntentRecord | null;
  try {
    const faults = input.confirm ? await ownerFaults(parts, record, input) : [];
    if (faults.length > 0) return { ...outcomeOf(record), refusals: faults };
    after = await talk.answer(input.coid, input.reply_id, {
      confirm: input.confirm,
      by: "owner",
      lastLook: () => request.begin?.(),
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
  parts: SubmitParts,
  record: IntentRecord,
  { owner }: AnswerInput,
): Promise<OrderRefusal[]> {
  const { store, clock } = parts;
  const question = record.question;
  if (owner === null || question === null) {
    return [
      refusal(
        "LIVE_APPROVAL_MISSING",
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
  if (!(clock.now() < Date.parse(owner.not_after))) {
    return [refusal("APPROVAL_EXPIRED", "not_after", "not_expired", "The answer has expired.")];
  }
  const used = refusal("APPROVAL_CONSUMED", "nonce", "one_use", "This answer was used before.");
  if (isNonceUsed(store.db, owner.nonce)) return [used];
  const key = findApprover(store.db, owner.assertion.id);
  if (key === null) {
    return [
      refusal(
        "APPROVAL_KEY_NOT_ENROLLED",
        "id",
        "enrolled_key",
        "The answer is not by a passkey enrolled at this PC.",
      ),
    ];
  }
  const hash = statementHash({
    act: "question",
    question: {
      intent_hash: record.intent_hash,
      reply_id: question.reply_id,
      fingerprints,
      confirm: true,
      nonce: owner.nonce,
      not_after: owner.not_after,
    },
  });
  const verdict = await verifyAssertion(hash, owner.assertion, key, parts.relyingParty);
  if (!verdict.ok) {
    return [
      refusal(verdict.code, verdict.field, verdict.rule, "The answer's signature does not hold."),
    ];
  }
  const notAfterMs = Date.parse(owner.not_after);
  const claim = { nonce: owner.nonce, statementHash: hash, notAfterMs };
  if (!claimNonce(store.db, claim, clock.now())) return [used];
  return raiseCounter(store.db, key.credentialId, verdict.counter)
    ? []
    : [
        refusal(
          "APPROVAL_COUNTER_REGRESSED",
          "counter",
          "counter_rises",
          "The passkey's counter did not rise.",
        ),
      ];
}
