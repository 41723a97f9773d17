import {
  type Mandate,
  type MandateUsage,
  mandateHash,
} from "@ibkr-edge-gateway/protocol/approval/mandate.ts";
import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { modifyBody, placeBody } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import { isoTime } from "../../client-portal/clock.ts";
import type { OperationContext } from "../../operations/context.ts";
import type { OperationRequest } from "../../operations/executor.ts";
import { resolveAccount } from "../../operations/resolve-account.ts";
import { acceptApproval } from "../../trust/verify-approval.ts";
import { mandateAtFirstUse } from "../approval/mandates.ts";
import { type IntentRecord, outcomeOf, plannedOrders } from "../journal/record.ts";
import type { KeptPreview, OrderStore } from "../journal/store.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { checkGrant } from "../local-policy/rules.ts";
import { announceSubmitted, announceWrongNumber } from "../notify/order-notices.ts";
import { orderInWords } from "../notify/ticket-summary.ts";
import type { Facts, SubmitInput, SubmitParts } from "./context.ts";
import { gather } from "./gather-facts.ts";
import {
  driftOf,
  leastTierOf,
  localFaults,
  mandatesAllowed,
  openingFaults,
  sessionFaults,
  targetFaults,
  ticketFaults,
} from "./local-checks.ts";

/** Refused before anything was sent; nothing of it is kept but the answer. */
export function refusedOutcome(
  action: OrderOutcome["action"],
  input: { account_id: string; coid: string },
  refusals: OrderRefusal[],
  now: number,
): OrderOutcome {
  return {
    action,
    account_id: input.account_id,
    coid: input.coid,
    intent_hash: null,
    state: "rejected",
    proved_by: "sidecar_not_sent",
    refusals: refusals.slice(0, 50),
    broker_text: null,
    orders: [],
    question: null,
    answered: [],
    alerts: [],
    at: isoTime(now),
  };
}

/**
 * From an approved ticket to one POST. Everything that may say no says it before the nonce is spent;
 * the nonce is on the disk before the intent, the intent before the connection, and the note that it
 * is being sent before the first byte. After that there is no way back and no second try.
 */
export async function submitOrder(
  parts: SubmitParts,
  request: OperationRequest,
  context: OperationContext,
  action: "place" | "modify",
  input: SubmitInput,
): Promise<OrderOutcome> {
  const { store, rules, clock, lane } = parts;
  checkGrant(request.grant, input, rules.policy());
  const account = await resolveAccount(context, input.account_id);
  const refuse = (refusals: OrderRefusal[]): OrderOutcome =>
    refusedOutcome(action, input, refusals, clock.now());

  const known = store.intent(input.coid);
  if (known !== null) return refuse([consumed()]);
  const preview = store.preview(input.approval.preview_id, clock.now());
  const misfits = ticketFaults(parts, preview, input, action);
  if (preview === null || misfits.length > 0) return refuse(misfits);
  const { order } = preview.ticket;

  let facts = await gather(parts, context, preview, account);
  if (facts.effect?.kind === "exit") await makeWay(parts);
  const release = await lane.acquire(
    Math.min(ORDER_LIMITS.laneWaitMs, Math.max(0, context.deadlineAt - clock.now())),
  );
  if (release === null) {
    throw new GatewayError(
      failure(
        "RATE_LIMITED",
        "Another order of this login waits for the broker's or the owner's answer; nothing was sent.",
        { retryable: true, retry_after_ms: 5_000 },
      ),
    );
  }
  let handedOn = false;
  try {
    // Another order may have gone out since, from the same position: judged anew, always.
    facts = await gather(parts, context, preview, account);
    const target = action === "modify" ? await targetFaults(context, account, order) : [];
    const before = { notional: preview.ticket.notional, usage: preview.usage };
    const faults = [
      ...localFaults(parts, order, facts, before),
      ...openingFaults(preview.ticket, facts),
      ...target,
    ];
    if (faults.length > 0) return refuse(faults);

    const body =
      action === "place"
        ? placeBody(order, input.coid, parts.futuresOperator)
        : modifyBody(order, parts.futuresOperator);
    if (!body.ok) return refuse([refusal("INPUT_INVALID", body.field, body.rule, body.message)]);

    if (input.approval.kind === "mandate") {
      const unmet = await mandateAtFirstUse(parts, input.approval);
      if (unmet.length > 0) return refuse(unmet);
    }
    const accepted = await acceptApproval(store.db, input.approval, {
      gatewayAccountId: parts.gatewayAccountId,
      sidecarId: parts.sidecarId,
      generation: parts.session().generation ?? -1,
      preview,
      market: facts.market,
      waits: facts.hours.tradable_now === false,
      effect: facts.effect,
      notional: facts.notional,
      leastTier: leastTierOf(rules, order, facts),
      maxDriftBps: driftOf(rules),
      mandatesAllowed: mandatesAllowed(rules, order),
      mandateUsage: (mandate) => usageUnder(store, mandate, clock.now()),
      relyingParty: parts.relyingParty,
      simulator: parts.simulator,
      nowMs: clock.now(),
    });
    if (!accepted.ok) {
      if (accepted.refusals.some(({ code }) => code === "APPROVAL_ECHO_MISMATCH")) {
        announceWrongNumber(parts.reach, orderInWords(preview.ticket));
      }
      return refuse(accepted.refusals);
    }

    const record = newRecord(input, request, accepted, preview, facts, action, clock.now());
    if (!store.insert(record)) return refuse([consumed()]);
    handedOn = true;
    announceSubmitted(
      parts.reach,
      preview.ticket,
      input.approval.kind === "mandate"
        ? { kind: "mandate", mandateId: input.approval.mandate.mandate_id }
        : { kind: "passkey" },
    );
    return await transmit(parts, request, record, body.body, facts, release);
  } finally {
    if (!handedOn) release();
  }
}

/** The POST and the conversation that follows from it; the mutex goes with it. */
async function transmit(
  parts: SubmitParts,
  request: OperationRequest,
  record: IntentRecord,
  body: JsonObject,
  facts: Facts,
  release: () => void,
): Promise<OrderOutcome> {
  const { coid, action, account_id } = record;
  const { order } = record.ticket;
  const last = await parts.conversation.place(coid, {
    path:
      action === "place"
        ? `/iserver/account/${account_id}/orders`
        : `/iserver/account/${account_id}/order/${order.target?.order_id ?? ""}`,
    body,
    faults: () => [...localFaults(parts, order, facts), ...sessionFaults(parts, record)],
    begin: () => request.begin?.(),
    release,
  });
  return outcomeOf(last);
}

/** An exit does not wait for an entry's open question: the entry is declined. */
async function makeWay({ conversation, store }: SubmitParts): Promise<void> {
  const waiting = conversation.waiting();
  if (waiting === null) return;
  if (store.intent(waiting.coid)?.effect === "exit") return;
  await conversation.answer(waiting.coid, waiting.replyId, { confirm: false, by: "sidecar" });
}

const DAY_MS = 24 * 60 * 60_000;

function usageUnder(store: OrderStore, mandate: Mandate, nowMs: number): MandateUsage {
  const hash = mandateHash(mandate);
  const used = store.sentUnder(hash, nowMs - DAY_MS);
  const values = used.map((record) => record.notional ?? record.ticket.notional);
  const notional = values.reduce<Decimal | null>(
    (sum, value) => (sum === null || value === null ? null : sum.plus(value)),
    new Decimal(0),
  );
  return {
    orders_today: used.length,
    notional_today: notional === null ? null : decimalText(notional),
  };
}

function newRecord(
  input: SubmitInput,
  request: OperationRequest,
  accepted: { intentHash: string },
  preview: KeptPreview,
  facts: Facts,
  action: "place" | "modify",
  nowMs: number,
): IntentRecord {
  return {
    coid: input.coid,
    job_id: request.jobId ?? input.coid,
    action,
    account_id: input.account_id,
    intent_hash: accepted.intentHash,
    preview_id: input.approval.preview_id,
    ticket: preview.ticket,
    accepted_warnings: input.approval.accepted_warnings,
    generation: preview.generation,
    effect: facts.effect?.kind ?? null,
    notional: facts.notional,
    mandate_hash: input.approval.kind === "mandate" ? mandateHash(input.approval.mandate) : null,
    state: "submitting",
    proved_by: "gateway",
    sent: false,
    sent_at: null,
    claimed: false,
    orders: plannedOrders(preview.ticket.order, input.coid),
    question: null,
    answered: [],
    refusals: [],
    broker_text: null,
    alerts: [],
    told: [],
    doubt_since: null,
    version: 0,
    created_at: nowMs,
    updated_at: nowMs,
  };
}

const consumed = (): OrderRefusal =>
  refusal("APPROVAL_CONSUMED", "coid", "one_use", "An order of this reference was begun before.");
