import {
  type Mandate,
  type MandateUsage,
  mandateHash,
} from "../../../src/protocol/approval/mandate.ts";
import type { ApprovalProof } from "../../../src/protocol/approval/proof.ts";
import { failure, GatewayError } from "../../../src/protocol/errors.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { OrderOutcome } from "../../../src/protocol/operations/order-parts.ts";
import type { BrokerSession } from "../../../src/protocol/operations/session-status.ts";
import {
  type FuturesOperator,
  modifyBody,
  placeBody,
} from "../../../src/protocol/orders/broker-body.ts";
import { type CanonicalOrder, principalLeg } from "../../../src/protocol/orders/canonical-order.ts";
import { classifyAnswer } from "../../../src/protocol/orders/classify-answer.ts";
import { Decimal, dec, decimalText } from "../../../src/protocol/orders/decimal.ts";
import { effectOf } from "../../../src/protocol/orders/effect.ts";
import { intentHash, intentOf } from "../../../src/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import { isInDoubt } from "../../../src/protocol/orders/state.ts";
import type { Effect, PositionFact, Quote } from "../../../src/protocol/orders/ticket.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import { sessionRefusal } from "../client-portal/session/refusal.ts";
import type { OperationContext } from "../operations/context.ts";
import type { OperationRequest } from "../operations/executor.ts";
import { readOrders } from "../operations/live-orders.ts";
import { resolveAccount } from "../operations/resolve-account.ts";
import { capFaults, leastTier } from "../trust/caps.ts";
import { killFaults } from "../trust/kill-switch.ts";
import { acceptApproval } from "../trust/verify-approval.ts";
import type { RelyingParty } from "../trust/verify-assertion.ts";
import {
  baseNotional,
  readDailyPnl,
  readMarket,
  readPositionFacts,
  readRates,
  readWorkingFacts,
} from "./facts.ts";
import type { Lane } from "./lane.ts";
import { ORDER_LIMITS } from "./limits.ts";
import { checkGrant, type LocalRules, usageOf } from "./local-rules.ts";
import type { Progress } from "./progress.ts";
import { type IntentRecord, outcomeOf, plannedOrders, principalConid } from "./record.ts";
import type { SendOrder } from "./send.ts";
import type { KeptPreview, OrderStore } from "./store.ts";
import type { Talk } from "./talk.ts";
import type { Tracker } from "./tracker.ts";

/**
 * From an approved ticket to one POST. Everything that may say no says it before the nonce is spent;
 * the nonce is on the disk before the intent, the intent before the connection, and the note that it
 * is being sent before the first byte. After that there is no way back and no second try.
 */
export interface SubmitParts {
  store: OrderStore;
  progress: Progress;
  tracker: Tracker;
  talk: Talk;
  lane: Lane;
  send: SendOrder;
  rules: LocalRules;
  clock: Clock;
  session(): BrokerSession;
  accounts(): readonly string[];
  gatewayAccountId: string;
  sidecarId: string;
  relyingParty: RelyingParty;
  futuresOperator: FuturesOperator | null;
}

export interface SubmitInput {
  account_id: string;
  mode: "paper" | "live";
  coid: string;
  intent_hash: string;
  approval: ApprovalProof;
}

interface Facts {
  market: Quote | null;
  effect: Effect | null;
  notional: string | null;
  dailyPnl: string | null;
  at: number;
}

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

/** Thrown from the last look: the connection stands, and the order must not go. */
class NotSent extends Error {
  readonly refusals: OrderRefusal[];

  constructor(refusals: OrderRefusal[]) {
    super("held back");
    this.refusals = refusals;
  }
}

export async function submitOrder(
  parts: SubmitParts,
  request: OperationRequest,
  context: OperationContext,
  action: "place" | "modify",
  input: SubmitInput,
): Promise<OrderOutcome> {
  const { store, rules, clock, lane, talk } = parts;
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
  if (facts.effect?.kind === "exit") await makeWay(talk, parts);
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
    if (clock.now() - facts.at > 1_500) facts = await gather(parts, context, preview, account);
    const target = action === "modify" ? await targetFaults(context, account, order) : [];
    const faults = [...localFaults(parts, order, facts), ...target];
    if (faults.length > 0) return refuse(faults);

    const body =
      action === "place"
        ? placeBody(order, input.coid, parts.futuresOperator)
        : modifyBody(order, parts.futuresOperator);
    if (!body.ok) return refuse([refusal("INPUT_INVALID", body.field, body.rule, body.message)]);

    const accepted = await acceptApproval(store.db, input.approval, {
      gatewayAccountId: parts.gatewayAccountId,
      sidecarId: parts.sidecarId,
      generation: parts.session().generation ?? -1,
      preview,
      market: facts.market,
      effect: facts.effect,
      leastTier: leastTierOf(rules, order, facts),
      maxDriftBps: driftOf(rules),
      mandatesAllowed: mandatesAllowed(rules, order),
      mandateUsage: (mandate) => usageUnder(store, mandate, clock.now()),
      relyingParty: parts.relyingParty,
      nowMs: clock.now(),
    });
    if (!accepted.ok) return refuse(accepted.refusals);

    const record = newRecord(input, request, accepted, preview, facts, action, clock.now());
    if (!store.insert(record)) return refuse([consumed()]);
    handedOn = true;
    return await transmit(parts, request, record, body.body, facts, release);
  } finally {
    if (!handedOn) release();
  }
}

async function transmit(
  parts: SubmitParts,
  request: OperationRequest,
  record: IntentRecord,
  body: JsonObject,
  facts: Facts,
  release: () => void,
): Promise<OrderOutcome> {
  const { store, progress, clock, talk } = parts;
  const { coid, action } = record;
  const { order } = record.ticket;
  let sent = false;
  try {
    const exchange = await parts.send({
      method: "POST",
      path:
        action === "place"
          ? `/iserver/account/${record.account_id}/orders`
          : `/iserver/account/${record.account_id}/order/${order.target?.order_id ?? ""}`,
      body,
      priority: "order",
      maxWaitMs: 5_000,
      lastLook: () => {
        const faults = [...localFaults(parts, order, facts), ...sessionFaults(parts, record)];
        if (faults.length > 0) throw new NotSent(faults);
        request.begin?.();
        progress.note(coid, { sent: true, sent_at: clock.now() });
        sent = true;
      },
    });
    const answer = classifyAnswer(action, exchange);
    if (!sent) return notSent(parts, coid, [noRoom(exchange)], release);
    progress.note(coid, { sent_at: clock.now() });
    return outcomeOf(await talk.converse(coid, answer, release));
  } catch (thrown) {
    if (!sent) {
      const refusals = thrown instanceof NotSent ? thrown.refusals : [];
      const outcome = notSent(parts, coid, refusals, release);
      if (thrown instanceof NotSent) return outcome;
      throw thrown;
    }
    release();
    // Something broke after the first byte: whatever it was, the book decides.
    const latest = store.intent(coid);
    if (latest?.state === "submitting" || latest?.state === "awaiting_confirmation") {
      progress.apply(coid, {
        source: "gateway",
        says: "ambiguous",
        filled: null,
        remaining: null,
        at: isoTime(clock.now()),
      });
      parts.tracker.doubt(coid);
    }
    throw thrown;
  }
}

function notSent(
  parts: SubmitParts,
  coid: string,
  refusals: OrderRefusal[],
  release: () => void,
): OrderOutcome {
  release();
  const record = parts.progress.apply(
    coid,
    {
      source: "sidecar_not_sent",
      says: "rejected",
      filled: null,
      remaining: null,
      at: isoTime(parts.clock.now()),
    },
    { refusals },
  );
  return outcomeOf(record);
}

const noRoom = (exchange: { kind: string; cause?: string }): OrderRefusal =>
  refusal(
    "TRADING_STATE_REFUSED",
    "broker",
    "reachable",
    `The broker's gateway could not be reached, and nothing was sent (${exchange.cause ?? exchange.kind}).`,
  );

/** An exit does not wait for an entry's open question: the entry is declined. */
async function makeWay(talk: Talk, parts: SubmitParts): Promise<void> {
  const waiting = talk.waiting();
  if (waiting === null) return;
  if (parts.store.intent(waiting.coid)?.effect === "exit") return;
  await talk.answer(waiting.coid, waiting.replyId, {
    confirm: false,
    by: "sidecar",
    lastLook: () => {},
  });
}

function ticketFaults(
  parts: SubmitParts,
  preview: KeptPreview | null,
  input: SubmitInput,
  action: "place" | "modify",
): OrderRefusal[] {
  const mismatch = (field: string, rule: string, message: string) =>
    refusal("APPROVAL_PREVIEW_MISMATCH", field, rule, message);
  if (preview === null) {
    return [mismatch("preview_id", "own_preview", "This sidecar made no such preview.")];
  }
  const { order } = preview.ticket;
  const faults: OrderRefusal[] = [];
  if (order.account_id !== input.account_id) {
    faults.push(mismatch("account_id", "account_of_ticket", "The ticket is for another account."));
  }
  if (order.mode !== input.mode) {
    faults.push(mismatch("mode", "mode_of_ticket", "The ticket is for another mode."));
  }
  if (order.action !== action) {
    faults.push(mismatch("action", "action_of_ticket", "The ticket is for another act."));
  }
  const own = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: parts.gatewayAccountId,
    sidecar_id: parts.sidecarId,
    generation: preview.generation,
    preview_id: input.approval.preview_id,
    policy_version: input.approval.policy_version,
    policy_hash: input.approval.policy_hash,
    accepted_warnings: input.approval.accepted_warnings,
    nonce: input.approval.nonce,
    not_after: input.approval.not_after,
  });
  if (own.coid !== input.coid || intentHash(own) !== input.intent_hash) {
    faults.push(
      mismatch(
        "intent_hash",
        "own_intent",
        "The gateway's intent is not the one this PC computes.",
      ),
    );
  }
  return faults;
}

/** What the PC's own rules say at this moment; cheap enough to ask after every wait. */
function localFaults(parts: SubmitParts, order: CanonicalOrder, facts: Facts): OrderRefusal[] {
  const { rules, store, clock } = parts;
  return [
    ...killFaults(rules.killSwitch(), order, facts.effect),
    ...capFaults(rules.caps(), order, {
      notional: facts.notional,
      effect: facts.effect,
      usage: usageOf(store, clock.now(), facts.dailyPnl),
    }),
    ...doubtFaults(store, order, facts.effect),
    ...reduceOnlyFaults(order, facts.effect),
  ];
}

/** While nobody knows what became of one, no further entry of that account, contract and side. */
function doubtFaults(
  store: OrderStore,
  order: CanonicalOrder,
  effect: Effect | null,
): OrderRefusal[] {
  if (effect?.kind === "exit") return [];
  const leg = principalLeg(order);
  const beside = store
    .open()
    .some(
      (other) =>
        isInDoubt(other.state) &&
        other.account_id === order.account_id &&
        principalConid(other) === leg.contract.conid &&
        principalLeg(other.ticket.order).side === leg.side,
    );
  return beside
    ? [
        refusal(
          "ORDER_RECONCILING",
          "order",
          "no_doubt_beside",
          "The outcome of another order in this contract is not known yet; exits and cancels stay possible.",
        ),
      ]
    : [];
}

function reduceOnlyFaults(order: CanonicalOrder, effect: Effect | null): OrderRefusal[] {
  if (!order.reduce_only || effect?.kind === "exit") return [];
  return [
    refusal(
      "REDUCE_ONLY_WOULD_INCREASE",
      "reduce_only",
      "reduces",
      "The order was to reduce a position only, and by this PC's own read it would not.",
    ),
  ];
}

function sessionFaults(parts: SubmitParts, record: IntentRecord): OrderRefusal[] {
  const session = parts.session();
  const faults: OrderRefusal[] = [];
  if (session.generation !== record.generation) {
    faults.push(
      refusal(
        "GENERATION_CHANGED",
        "generation",
        "same_broker_session",
        "The broker session is another one since the preview.",
      ),
    );
  }
  if (session.mode !== record.ticket.order.mode) {
    faults.push(
      refusal(
        "ORDER_ACCOUNT_MODE_REFUSED",
        "mode",
        "proved_by_broker",
        `The broker does not prove a ${record.ticket.order.mode} session now.`,
      ),
    );
  }
  if (session.state !== "ready" || !parts.accounts().includes(record.account_id)) {
    faults.push(
      refusal("BROKER_SESSION_REQUIRED", "session", "ready", "The broker session is not ready."),
    );
  }
  return faults;
}

async function gather(
  parts: SubmitParts,
  context: OperationContext,
  preview: KeptPreview,
  account: Awaited<ReturnType<typeof resolveAccount>>,
): Promise<Facts> {
  const session = parts.session();
  if (session.state !== "ready") throw sessionRefusal(session, context.clock.now());
  const { order } = preview.ticket;
  const conid = principalLeg(order).contract.conid;
  const [market, rates] = await Promise.all([
    readMarket(context, conid).catch(unlessGateway),
    readRates(context, account),
  ]);
  const [positions, dailyPnl] = await Promise.all([
    readPositionFacts(context, account.accountId, rates?.rates ?? null),
    readDailyPnl(context, account.accountId),
  ]);
  // The list of orders may be asked for every six seconds only, and says nothing about what opens.
  const working = mayReduce(order, positions)
    ? await readWorkingFacts(context, account, parts.store, rates?.rates ?? null)
    : [];
  const now = baseNotional(order, market, rates?.rates ?? null);
  return {
    market,
    effect: effectOf(order, positions, working, isoTime(context.clock.now())),
    notional: larger(now, preview.ticket.notional),
    dailyPnl,
    at: context.clock.now(),
  };
}

/** Whether any leg stands against a position held, so that the order may be an exit. */
function mayReduce(order: CanonicalOrder, positions: readonly PositionFact[] | null): boolean {
  if (positions === null || order.structure === "bracket") return false;
  return order.legs.some((leg) =>
    positions.some(
      ({ conid, quantity }) =>
        conid === leg.contract.conid &&
        (leg.side === "SELL" ? dec(quantity).greaterThan(0) : dec(quantity).lessThan(0)),
    ),
  );
}

const unlessGateway = (thrown: unknown): null => {
  if (thrown instanceof GatewayError) return null;
  throw thrown;
};

/** Unknown is larger than any number. */
function larger(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return null;
  return decimalText(Decimal.max(dec(a), dec(b)));
}

/** A change is only sent to the order as the owner saw it. */
async function targetFaults(
  context: OperationContext,
  account: Awaited<ReturnType<typeof resolveAccount>>,
  order: CanonicalOrder,
): Promise<OrderRefusal[]> {
  const { target } = order;
  const not = (rule: string, message: string): OrderRefusal[] => [
    refusal("ORDER_NOT_MODIFIABLE", "order_id", rule, message),
  ];
  if (target === null) return not("target", "The change names no order.");
  const read = await readOrders(context, account);
  const row = read.orders.find(({ order_id }) => order_id === target.order_id);
  if (row === undefined) return not("working", "The broker's list does not show the order.");
  if (row.status !== "working" && row.status !== "partially_filled") {
    return not("working", "The order does not work any more.");
  }
  const before = target.before.quantity;
  const moved =
    (row.filled !== null && !dec(row.filled).equals(dec(target.filled_quantity))) ||
    (row.quantity !== null && before !== null && !dec(row.quantity).equals(dec(before)));
  return moved
    ? not("as_previewed", "The order has changed or traded since the change was previewed.")
    : [];
}

function leastTierOf(rules: LocalRules, order: CanonicalOrder, facts: Facts): 0 | 1 | 2 {
  const file = rules.caps();
  return file.ok ? leastTier(file.caps, order, facts.notional, facts.effect) : 2;
}

function driftOf(rules: LocalRules): string {
  const file = rules.caps();
  return file.ok ? file.caps.max_price_drift_bps : "0";
}

function mandatesAllowed(rules: LocalRules, order: CanonicalOrder): boolean {
  const file = rules.caps();
  return file.ok && file.caps[order.mode].mandates;
}

const DAY_MS = 24 * 60 * 60_000;

function usageUnder(store: OrderStore, mandate: Mandate, nowMs: number): MandateUsage {
  const hash = mandateHash(mandate);
  const used = store.sentUnder(hash, nowMs - DAY_MS);
  const notional = used.reduce((sum, { notional: value }) => sum.plus(value ?? 0), new Decimal(0));
  return { orders_today: used.length, notional_today: decimalText(notional) };
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
