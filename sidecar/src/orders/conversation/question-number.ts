import type { OpenQuestion } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { TERMINAL_EDGE } from "../../trust/tables/approvers.ts";
import { keepQuestionNumber, questionNumber } from "../../trust/tables/question-numbers.ts";
import { guessedOf } from "../../trust/verify/approval-number.ts";
import { isOnProbation, type Signer, showsNumbers } from "../../trust/verify/probation.ts";
import { noteWrongNumber, numbersLocked, triesLeft } from "../../trust/verify/shown-numbers.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import { announceQuestion, announceWrongNumber, questionText } from "../notify/order-notices.ts";
import { leastTierOf } from "../submit/local-checks.ts";
import type { SubmitContext } from "../submit/submit-context.ts";

/**
 * The number beside an open question. A yes can add a price cap, hand the order to an algorithm or
 * cancel others: it takes the proof that placing the order took, and no less.
 */
export type NumberParts = Pick<
  SubmitContext,
  "store" | "reach" | "clock" | "echo" | "simulator"
> & {
  rules: Pick<SubmitContext["rules"], "caps">;
};

/** Whether placing it asked for this PC's number, by the caps of now or by what was shown then. */
export function yesNeedsNumber(
  { store, rules, clock }: Pick<NumberParts, "store" | "rules" | "clock">,
  { ticket, notional, preview_id }: IntentRecord,
): boolean {
  const value = { notional: notional ?? ticket.notional };
  if (leastTierOf(rules, ticket.order, value) === 2) return true;
  return store.preview(preview_id, clock.now())?.echo != null;
}

/** Shows the question at this PC, whole, with the order it is about and the number of a yes. */
export function showQuestion(parts: NumberParts, coid: string): void {
  const { store, clock } = parts;
  const record = store.intent(coid);
  if (record?.question == null) return;
  const { reply_id } = record.question;
  if (yesNeedsNumber(parts, record) || showsNumbers(store.db, parts.simulator)) {
    const madeAtMs = clock.now();
    keepQuestionNumber(store.db, { coid, replyId: reply_id, number: parts.echo(), madeAtMs });
  }
  const number = questionNumber(store.db, coid, reply_id);
  announceQuestion(parts.reach, record.ticket, record.question, number);
}

/**
 * Why the number that came with a yes does not hold; asked behind a true signature alone. Like an
 * order's own, it is worth one try, and a key of a page that the gateway does not serve needs none.
 */
export function numberFaults(
  parts: NumberParts,
  record: IntentRecord,
  question: OpenQuestion,
  echo: number | null,
  key: Signer,
): OrderRefusal[] {
  const { store, clock } = parts;
  const { db } = store;
  if (key.kind !== TERMINAL_EDGE) return [];
  if (!isOnProbation(key, parts.simulator) && !yesNeedsNumber(parts, record)) return [];
  const nowMs = clock.now();
  // By what this PC found the order to be as it went out.
  const of = guessedOf(record.ticket, record.effect);
  if (numbersLocked(db, nowMs)) {
    return [
      wrong(
        "few_tries",
        `Too many wrong numbers came; none is taken any more. At the PC run \`${sidecarCommand("requests unlock")}\`.`,
      ),
    ];
  }
  const triedFor = triesKey(record.coid, question.reply_id);
  const shown = questionNumber(db, record.coid, question.reply_id);
  if (shown !== null && shown === echo && triesLeft(db, triedFor) > 0) return [];
  if (echo === null) {
    return [
      wrong(
        "number_shown_at_pc",
        "A yes to this question needs the number that your PC shows beside it.",
      ),
    ];
  }
  const left = noteWrongNumber(db, triedFor, of, nowMs);
  announceWrongNumber(parts.reach, [...ticketText(record.ticket), ...questionText(question)]);
  return [
    left > 0
      ? wrong("number_shown_at_pc", "The number does not match the one shown at the PC.")
      : wrong(
          "few_tries",
          "Too many wrong numbers came for this question; it is declined in time.",
        ),
  ];
}

const triesKey = (coid: string, replyId: string): string => `question ${coid} ${replyId}`;

const wrong = (rule: string, message: string): OrderRefusal =>
  refusal("APPROVAL_ECHO_MISMATCH", "echo", rule, message);
