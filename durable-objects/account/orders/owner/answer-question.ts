import type { Statement } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { orderAnswer } from "@ibkr-edge-gateway/protocol/operation-schemas/order-answer.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import { intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { orderLines, questionLines } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { BrokerMessage, Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { PasskeyAssertion } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { ulid } from "@ibkr-edge-gateway/protocol/ulid.ts";
import type { SignedIn } from "../../access/owner-access.ts";
import { contentHash } from "../../audit/events.ts";
import { clientKnows } from "../../relay/client-knows.ts";
import type { AnswerCeremony, SignedTerms } from "../../rpc/order-views.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { shownOrder } from "../rules/outcomes/order-view.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { findPreview } from "../tables/previews.ts";
import { settle } from "../transactions/settle.ts";
import { ceremonyOf, newTerms, signed } from "./signed-statement.ts";

/** The broker's question about an order, which only the owner answers. */

/** What the passkey signs to say yes to the question that is open, in words; null when none is. */
export function beginAnswer(parts: OrderParts, coid: string): AnswerCeremony | null {
  const terms = newTerms(parts);
  const asked = openQuestion(parts, coid, terms);
  if (asked === null) return null;
  const { ticket, messages } = asked;
  return {
    ...ceremonyOf(parts.storage.sql, asked.statement, terms),
    order: ticket === null ? [] : orderLines(ticket),
    asks: questionLines(messages),
    number: numberOf(parts, asked),
  };
}

/** Placing it took the PC's number: then the yes does. The PC decides; a page must have the field. */
function numberOf(parts: OrderParts, { intent, approval }: OpenQuestion): AnswerCeremony["number"] {
  const { sql } = parts.storage;
  if (!clientKnows(sql, "question-number")) return "none";
  const previewId = approval?.previewId ?? intent.preview_id;
  const preview = previewId === null ? null : findPreview(sql, previewId);
  const needed = intent.mode === "live" || approval?.tier === 2 || preview?.leastTier === 2;
  return needed ? "needed" : "if_shown";
}

export async function answerQuestion(
  parts: OrderParts,
  owner: SignedIn,
  answer: {
    coid: string;
    confirm: boolean;
    signed: { terms: SignedTerms; assertion: PasskeyAssertion } | null;
    /** As the PC showed it beside the question; null when none was typed. */
    echo: number | null;
  },
): Promise<{ ok: boolean; message: string }> {
  const terms = answer.signed?.terms ?? newTerms(parts);
  const asked = openQuestion(parts, answer.coid, terms);
  if (asked === null) return { ok: false, message: "No question is open for this order." };
  if (answer.confirm) {
    const { signed: by } = answer;
    if (by === null || !(await signed(parts, owner, asked.statement, by.terms, by.assertion))) {
      return { ok: false, message: "The passkey did not sign this answer." };
    }
  }
  logAnswered(parts, owner, asked.intent, answer.confirm);
  return sendAnswer(parts, asked, {
    confirm: answer.confirm,
    terms,
    assertion: answer.signed?.assertion,
    echo: answer.echo,
  });
}

function logAnswered(
  parts: OrderParts,
  owner: SignedIn,
  intent: IntentRow,
  confirm: boolean,
): void {
  parts.log({
    type: "approval.decided",
    kind: "owner",
    clientId: intent.client_id,
    sidecarId: null,
    brokerAccount: intent.broker_account,
    decision: confirm ? "allow" : "deny",
    errorCode: null,
    requestId: owner.requestId,
    meta: { coid: intent.coid, question: confirm ? "confirm" : "decline" },
  });
}

/** Tells the PC, which answers the broker; what it proves is written down like any order's end. */
async function sendAnswer(
  parts: OrderParts,
  { intent, replyId, fingerprints }: OpenQuestion,
  answer: {
    confirm: boolean;
    terms: SignedTerms;
    assertion: PasskeyAssertion | undefined;
    echo: number | null;
  },
): Promise<{ ok: boolean; message: string }> {
  const { confirm, terms, assertion, echo } = answer;
  // A PC from before takes no member that it does not know, and asks for no number.
  const number = clientKnows(parts.storage.sql, "question-number") ? { echo } : {};
  const input = {
    account_id: intent.broker_account,
    mode: intent.mode,
    coid: intent.coid,
    reply_id: replyId,
    confirm,
    owner:
      confirm && assertion !== undefined
        ? {
            fingerprints,
            nonce: terms.nonce,
            not_after: terms.notAfter,
            assertion: {
              id: assertion.id,
              client_data_json: assertion.response.clientDataJSON,
              authenticator_data: assertion.response.authenticatorData,
              signature: assertion.response.signature,
            },
            ...number,
          }
        : null,
  };
  const settlement = await parts.relay.submit({
    class: orderAnswer.class,
    traceparent: undefined,
    submit: {
      job_id: ulid(parts.now()),
      operation: orderAnswer.name,
      input,
      input_sha256: contentHash(input),
      grant: {
        capability: intent.mode === "live" ? "orders.live" : "orders.paper",
        broker_account: intent.broker_account,
        scope: `ibkr:orders:${intent.mode}:submit`,
        expires_at: iso(parts.now() + 60_000),
      },
      deadline_ms: orderAnswer.deadlineMs,
      service: { class: "reply" },
    },
  });
  if (!settlement.ok) return { ok: false, message: "The PC could not be told; look at the order." };
  const outcome = readNewer(OrderOutcome, settlement.result);
  if (!outcome.ok) return { ok: false, message: "The PC's answer could not be read." };
  const refused = outcome.value.refusals.map(({ message }) => message).join(" ");
  if (refused !== "") return { ok: false, message: refused };
  settle(
    parts.storage,
    intent.coid,
    { kind: "outcome", outcome: outcome.value },
    parts.now(),
    parts.log,
  );
  return { ok: true, message: "The broker was answered." };
}

interface OpenQuestion {
  intent: IntentRow;
  /** Null for what was sent without one. */
  approval: Approval | null;
  /** What the order is, as it was approved; null when that is not known any more. */
  ticket: Ticket | null;
  messages: BrokerMessage[];
  replyId: string;
  /** Of the broker's messages, as the owner's page shows them. */
  fingerprints: string[];
  statement: Statement;
}

function openQuestion(parts: OrderParts, coid: string, terms: SignedTerms): OpenQuestion | null {
  const { sql } = parts.storage;
  const intent = findIntent(sql, coid);
  if (intent === null || intent.state !== "awaiting_confirmation") return null;
  const { question } = shownOrder(intent, parts.now());
  if (question === null) return null;
  const fingerprints = question.messages.map(({ fingerprint }) => fingerprint);
  const approval =
    intent.approval_id === null ? null : findApproval(sql, intent.approval_id, parts.now());
  const hash = approval === null ? intent.intent_hash : intentHash(approval.intent);
  if (hash === null) return null;
  return {
    intent,
    approval,
    ticket: approval?.intent.ticket ?? null,
    messages: question.messages,
    replyId: question.reply_id,
    fingerprints,
    statement: {
      act: "question",
      question: {
        intent_hash: hash,
        reply_id: question.reply_id,
        fingerprints,
        confirm: true,
        nonce: terms.nonce,
        not_after: terms.notAfter,
      },
    },
  };
}
