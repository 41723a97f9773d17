import { mandateHash } from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { modifyBody, placeBody } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { OperationRequest } from "../../operation-handlers/executor-interface.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import type { CapsBefore } from "../../trust/limits/cap-faults.ts";
import { acceptApproval } from "../../trust/verify/accept-approval.ts";
import { mandateAtFirstUse } from "../approval/receive-mandates.ts";
import type { OrderPost } from "../conversation/conversation-interface.ts";
import { declineOpenQuestion } from "../conversation/decline-open-question.ts";
import { type IntentRecord, outcomeOf } from "../journal/intent-record.ts";
import type { KeptPreview } from "../journal/previews.ts";
import { refusedOutcome } from "../journal/refused-outcome.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { checkGrant } from "../local-policy/local-rules.ts";
import { announceSubmitted } from "../notify/order-notices.ts";
import { factsAt, unknownFaults } from "./facts-at-decision.ts";
import { exitByLastProof, LAST_PROOF, readLastProof } from "./last-proof.ts";
import { driftOf, localFaults, openingFaults, sessionFaults } from "./local-checks.ts";
import { announceJudged, pcFactsOf } from "./make-pc-facts.ts";
import { newRecord } from "./new-intent-record.ts";
import { orderedHereBefore } from "./one-order-per-preview.ts";
import { readOrderFacts } from "./read-order-facts.ts";
import type { Facts, SubmitContext, SubmitInput } from "./submit-context.ts";
import { targetFaults } from "./target-faults.ts";
import { ticketFaults } from "./ticket-faults.ts";

/**
 * `order.place` and `order.modify`: from an approved ticket to one POST, in this order: what is
 * known of the ticket (`ticketFaults`), the mutex of the broker session (`acquireMutex`), this PC's
 * own checks on reads of this moment (`judgeNow`), the approval (`acceptApproval`), the journal
 * (`newRecord`), and the conversation. Everything that may refuse does so before the nonce is spent;
 * the nonce is on the disk before the intent, the intent before the connection, and the note that it
 * is being sent before the first byte. After that there is no way back and no second try.
 */
export async function placeOrder(
  parts: SubmitContext,
  request: OperationRequest,
  context: OperationContext,
  action: "place" | "modify",
  input: SubmitInput,
): Promise<OrderOutcome> {
  const { store, rules, clock } = parts;
  checkGrant(request.grant, input, rules.policy());
  const account = await resolveAccount(context, input.account_id);
  const refuse = (refusals: OrderRefusal[]): OrderOutcome =>
    refusedOutcome(action, input, refusals, clock.now());

  if (store.intent(input.coid) !== null) return refuse([consumed()]);
  const preview = store.preview(input.approval.preview_id, clock.now());
  const misfits = ticketFaults(parts, preview, input, action);
  if (preview === null || misfits.length > 0) return refuse(misfits);
  const second = () => orderedHereBefore(store, input.approval.preview_id, clock.now());
  if (second().length > 0) return refuse(second());

  const byMandate = input.approval.kind === "mandate";
  const first = await readFresh(parts, context, preview, account, byMandate);
  const isExit = first.now().effect?.kind === "exit";
  const acquired = acquireMutex(parts, context, action, isExit);
  const release = isExit ? await pastQuestion(parts, action, acquired) : await acquired;
  let handedOn = false;
  try {
    // One at a time: another order of the same preview may have gone out while this one waited.
    if (second().length > 0) return refuse(second());
    const judged = await judgeNow(parts, context, account, preview, action, input);
    if (!judged.ok) return refuse(judged.refusals);
    const { reads, facts, body } = judged;
    const { approval } = input;
    const unconfirmed = approval.kind === "mandate" ? await mandateAtFirstUse(parts, approval) : [];
    if (unconfirmed.length > 0) return refuse(unconfirmed);
    const approved = await acceptApproval(store.db, approval, pcFactsOf(parts, preview, facts));
    announceJudged(parts, preview, approval, approved);
    if (!approved.ok) return refuse(approved.refusals);
    const record = newRecord({
      input,
      jobId: request.jobId ?? input.coid,
      intentHash: approved.intentHash,
      mandateHash: approval.kind === "mandate" ? mandateHash(approval.mandate) : null,
      preview,
      facts,
      action,
      nowMs: clock.now(),
    });
    if (!store.insert(record)) return refuse([consumed()]);
    handedOn = true;
    announceSubmitted(parts.reach, preview.ticket, approverOf(input));
    const post = orderPost(parts, request, record, body, reads, release);
    return outcomeOf(await parts.conversation.place(input.coid, post));
  } finally {
    if (!handedOn) release();
  }
}

/**
 * An exit stands in line before it has a question declined: what that frees is its own, not that of an
 * entry which waited already; and a no that is not answered holds it up no longer than its turn would.
 */
async function pastQuestion(
  parts: SubmitContext,
  action: "place" | "modify",
  acquired: Promise<() => void>,
): Promise<() => void> {
  try {
    const [release] = await Promise.all([acquired, declineOpenQuestion(parts, action)]);
    return release;
  } catch (thrown) {
    void acquired.then(
      (release) => release(),
      () => {},
    );
    throw thrown;
  }
}

/** Rejects with `RATE_LIMITED` when another order keeps the broker session for longer than this waits. */
async function acquireMutex(
  { mutex, clock }: SubmitContext,
  context: OperationContext,
  action: "place" | "modify",
  isExit: boolean,
): Promise<() => void> {
  const leftMs = Math.max(0, context.deadlineAt - clock.now() - ORDER_LIMITS.answerLeftMs);
  // An exit stays in front for as long as its job has time, less what its refusal needs to arrive in it.
  const release = isExit
    ? await mutex.acquire(leftMs, { priority: "exit", change: action === "modify" })
    : await mutex.acquire(Math.min(ORDER_LIMITS.mutexWaitMs, leftMs));
  if (release !== null) return release;
  throw new GatewayError(
    failure(
      "RATE_LIMITED",
      "Another order of this login waits for the broker's or the owner's answer; nothing was sent.",
      { retryable: true, retry_after_ms: 5_000 },
    ),
  );
}

/** What an order is judged by; no way to the broker's order path is in it. */
export type JudgeContext = Omit<SubmitContext, "send" | "conversation">;

/** What was read of an order at one moment, and what decides of it at any later one. */
export interface FreshReads {
  now(): Facts;
  /** What stands against the order by the reads and the rules of now. */
  faults(before: CapsBefore | null): OrderRefusal[];
}

async function readFresh(
  parts: JudgeContext,
  context: OperationContext,
  preview: KeptPreview,
  account: Awaited<ReturnType<typeof resolveAccount>>,
  byMandate: boolean,
): Promise<FreshReads> {
  const { rules, clock } = parts;
  const { ticket } = preview;
  const base = account.baseCurrency;
  const seen = await readOrderFacts(parts, context, ticket.order, account);
  const lastProof = readLastProof(parts.store, account.accountId);
  const now = (): Facts => {
    const nowMs = clock.now();
    // A mandate stands for no owner who has read that the position is not known.
    const otherwise = (market: TicketQuote | null) =>
      byMandate
        ? null
        : exitByLastProof(lastProof, ticket.order, {
            market,
            maxDriftBps: driftOf(rules),
            maxAgeMs: ticket.last_position === undefined ? LAST_PROOF.unsaidMs : LAST_PROOF.saidMs,
            nowMs,
          });
    return factsAt(seen, preview, { base, caps: rules.caps(), nowMs, otherwise });
  };
  return {
    now,
    faults: (before) => {
      const facts = now();
      return [
        ...localFaults(parts, ticket.order, facts, before),
        ...openingFaults(ticket, facts),
        ...unknownFaults(seen, facts, preview, clock.now()),
      ];
    },
  };
}

type Judged =
  | { ok: true; reads: FreshReads; facts: Facts; body: JsonObject }
  | { ok: false; refusals: OrderRefusal[] };

/** Another order may have gone out since, from the same position: judged anew, always. */
export async function judgeNow(
  parts: JudgeContext,
  context: OperationContext,
  account: Awaited<ReturnType<typeof resolveAccount>>,
  preview: KeptPreview,
  action: "place" | "modify",
  input: SubmitInput,
): Promise<Judged> {
  const { order, notional } = preview.ticket;
  const byMandate = input.approval.kind === "mandate";
  const reads = await readFresh(parts, context, preview, account, byMandate);
  const target =
    action === "modify" ? await targetFaults(context, account, parts.store, order) : [];
  const refusals = [...reads.faults({ notional, usage: preview.usage }), ...target];
  if (refusals.length > 0) return { ok: false, refusals };
  const body =
    action === "place"
      ? placeBody(order, input.coid, parts.futuresOperator)
      : modifyBody(order, parts.futuresOperator);
  return body.ok
    ? { ok: true, reads, facts: reads.now(), body: body.body }
    : {
        ok: false,
        refusals: [refusal("INPUT_INVALID", body.field, body.rule, body.message)],
      };
}

const approverOf = ({ approval }: SubmitInput) =>
  approval.kind === "mandate"
    ? ({ kind: "mandate", mandateId: approval.mandate.mandate_id } as const)
    : ({ kind: "passkey" } as const);

/** The order's POST, and what is asked right before its first byte; the mutex goes with it. */
function orderPost(
  parts: SubmitContext,
  request: OperationRequest,
  record: IntentRecord,
  body: JsonObject,
  reads: FreshReads,
  release: () => void,
): OrderPost {
  const { action, account_id } = record;
  const { order } = record.ticket;
  return {
    path:
      action === "place"
        ? placePath(account_id)
        : `/iserver/account/${account_id}/order/${order.target?.order_id ?? ""}`,
    body,
    faults: () => lastLook(parts, reads, record),
    begin: () => request.begin?.(),
    release,
  };
}

export const placePath = (accountId: string): string => `/iserver/account/${accountId}/orders`;

/** What is asked right before the first byte. */
export const lastLook = (
  parts: JudgeContext,
  reads: FreshReads,
  record: IntentRecord,
): OrderRefusal[] => [...reads.faults(null), ...sessionFaults(parts, record)];

export const consumed = (): OrderRefusal =>
  refusal("APPROVAL_CONSUMED", "coid", "one_use", "An order of this reference was begun before.");
