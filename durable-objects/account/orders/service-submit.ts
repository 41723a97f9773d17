import { digestOf } from "../../../src/protocol/digest.ts";
import type { GatewayFailure } from "../../../src/protocol/errors.ts";
import type { JsonObject } from "../../../src/protocol/json.ts";
import type { WriteAnswer } from "../../../src/protocol/operations/edge-orders.ts";
import { OrderOutcome } from "../../../src/protocol/operations/order-parts.ts";
import { OPERATIONS } from "../../../src/protocol/operations/registry.ts";
import { newNonce } from "../../../src/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "../../../src/protocol/orders/refusal.ts";
import type { TradingMode } from "../../../src/protocol/orders/terms.ts";
import type { JobSettlement } from "../../../src/protocol/relay/edge/step.ts";
import type { Scope } from "../../../src/protocol/scopes.ts";
import { ulid } from "../../../src/protocol/ulid.ts";
import { contentHash } from "../audit-events.ts";
import { auditBacklogBlocksWrites } from "../outbox.ts";
import { findApproval } from "./approvals.ts";
import { type CancelDecision, cancelOwn } from "./cancel-own.ts";
import { type Fresh, freshFacts } from "./fresh-facts.ts";
import { findIntent, type IntentRow } from "./intents.ts";
import { type Settlement, settleSubmit } from "./outcome.ts";
import { type Asker, iso, type OrderParts } from "./parts.ts";
import { findPreview, type Preview } from "./previews.ts";
import { noteRefusedUnder } from "./service-mandates.ts";
import { nextStepFor, shownOrder } from "./shown-order.ts";
import { watchAudit, watchErrors, watchLoss } from "./stops.ts";
import { mayStillLeave, type OrderJob, submitOrder } from "./submit.ts";
import { worldOf } from "./world.ts";

/** From arrival to the answer; what is not known by then is answered as pending, with its id. */
export const ANSWER_MS = 20_000;
/** How much of it the fresh reads may take; without them nothing is let out. */
const FRESH_MS = 12_000;
/** A write whose waiter is gone is looked into after this. */
export const ORPHAN_MS = 30_000;

export type Written = { ok: true; answer: WriteAnswer } | { ok: false; failure: GatewayFailure };

/** What is under way in this object's memory; it is gone after a sleep, and nothing depends on it. */
export interface Underway {
  /** By client and key: whoever asks the same again waits with the first. */
  readonly running: Map<string, { digest: string; answer: Promise<Written> }>;
  /** By preview: parallel submits of one order share one read. */
  readonly reads: Map<string, ReturnType<typeof freshFacts>>;
  /** By broker account: the sidecar takes one write at a time. */
  readonly lanes: Map<string, Promise<unknown>>;
}

export const nothingUnderway = (): Underway => ({
  running: new Map(),
  reads: new Map(),
  lanes: new Map(),
});

export interface WriteRequest {
  key: string;
  /** What the key stands for: everything the caller said, but the key. */
  said: JsonObject;
  accountId: string;
  mode: TradingMode;
  previewId: string;
  approvalId: string | null;
  scope: Scope;
  /** Read for this request already. */
  fresh?: Fresh;
  /** To withdraw: an order of this gateway, under the number the broker gave it where it is known. */
  own?: { intent: IntentRow; orderId: string | null };
}

/**
 * Lets an order out at most once: same key and same request share one promise while it runs and one
 * stored answer afterwards; the transaction in `submit.ts` decides, whatever happens here.
 */
export function write(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  request: WriteRequest,
): Promise<Written> {
  const digest = digestOf("ibkr-write/v1", request.said);
  const slot = `${asker.clientId}\n${request.key}`;
  const running = underway.running.get(slot);
  if (running !== undefined) {
    return running.digest === digest
      ? running.answer.then(asReplay)
      : Promise.resolve(refusedAndLogged(parts, asker, request, [conflict()]));
  }
  const answer = begin(parts, underway, asker, request, digest).finally(() => {
    underway.running.delete(slot);
  });
  underway.running.set(slot, { digest, answer });
  return answer;
}

async function begin(
  parts: OrderParts,
  underway: Underway,
  asker: Asker,
  request: WriteRequest,
  digest: string,
): Promise<Written> {
  const startedAt = parts.now();
  const { sql } = parts.storage;
  if (request.own !== undefined) {
    const { intent, orderId } = request.own;
    const decision = cancelOwn(
      parts.storage,
      {
        requestId: asker.requestId,
        key: request.key,
        digest,
        own: intent,
        orderId,
        nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
        jobId: ulid(startedAt),
      },
      worldOf(parts, asker, { skewMs: null, reread: false }),
      parts.log,
    );
    return conclude(parts, underway, request, decision, startedAt);
  }
  const preview = findPreview(sql, request.previewId);
  const misfit = preview === null ? null : misfits(preview, request);
  if (misfit !== null) return refusedAndLogged(parts, asker, request, [misfit]);

  // Reading for an order that cannot go out anyway would only cost the broker's patience.
  const cannot = preview === null || keyIsKnown(sql, asker.clientId, request.key);
  const approval =
    request.approvalId === null ? null : findApproval(sql, request.approvalId, startedAt);
  const spent = request.approvalId !== null && approval?.state !== "approved";
  let fresh: Fresh | null = request.fresh ?? null;
  if (fresh === null && preview !== null) {
    if (cannot || spent) {
      fresh = { market: preview.ticket.market, facts: preview.facts, skewMs: 0 };
    } else {
      const read = await sharedRead(parts, underway, preview);
      if (!read.ok) {
        if (read.failure !== null) return { ok: false, failure: read.failure };
        return refusedAndLogged(parts, asker, request, [changed()]);
      }
      fresh = read.fresh;
    }
  }
  const jobId = ulid(parts.now());
  // From here to the job's frame there is no wait but that for the account's lane.
  const decision = decide(parts, asker, request, digest, fresh, jobId);
  return conclude(parts, underway, request, decision, startedAt);
}

async function conclude(
  parts: OrderParts,
  underway: Underway,
  request: WriteRequest,
  decision: CancelDecision,
  startedAt: number,
): Promise<Written> {
  if (decision.kind === "refused") return refusedWith(request.accountId, decision.refusals);
  if (decision.kind === "replay") return orderAnswer(parts, request.accountId, decision.coid, true);
  parts.wakeAt(parts.now() + ORPHAN_MS);
  const sent = send(parts, underway, request, decision);
  const left = Math.max(1_000, ANSWER_MS - (parts.now() - startedAt));
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      sent,
      new Promise((resolve) => {
        timer = setTimeout(resolve, left);
      }),
    ]);
  } finally {
    // A timer that nobody waits for keeps the object from sleeping.
    clearTimeout(timer);
  }
  return orderAnswer(parts, request.accountId, decision.coid, false);
}

function decide(
  parts: OrderParts,
  asker: Asker,
  request: WriteRequest,
  digest: string,
  fresh: Fresh | null,
  jobId: string,
) {
  const { storage } = parts;
  const facts = fresh?.facts ?? NO_FACTS;
  const world = worldOf(parts, asker, {
    skewMs: fresh?.skewMs ?? null,
    reread: facts.working !== null && facts.positions !== null,
  });
  const entry = facts.effect?.kind !== "exit" && request.scope.endsWith("cancel") === false;
  watchLoss(parts, request.accountId, facts.account);
  const backlog = entry ? auditBacklogBlocksWrites(storage.sql, world.nowMs) : null;
  if (backlog !== null) watchAudit(parts);
  if (backlog !== null && !keyIsKnown(storage.sql, asker.clientId, request.key)) {
    const refusals = [refusal("LIVE_AUDIT_UNAVAILABLE", "audit", "copied", backlog.message)];
    logRefusal(parts, asker, request, refusals);
    return { kind: "refused" as const, refusals, verdict: null };
  }
  return submitOrder(
    storage,
    {
      requestId: asker.requestId,
      key: request.key,
      digest,
      previewId: request.previewId,
      approvalId: request.approvalId,
      fresh: {
        market: fresh?.market ?? null,
        facts,
        ...(fresh?.readAtMs === undefined ? {} : { readAtMs: fresh.readAtMs }),
      },
      nonce: newNonce((bytes) => crypto.getRandomValues(new Uint8Array(bytes))),
      jobId,
    },
    world,
    parts.log,
  );
}

/** Sends the committed job and takes its end, whoever still waits for it. */
async function send(
  parts: OrderParts,
  underway: Underway,
  request: WriteRequest,
  go: { coid: string; epoch: number; job: OrderJob },
): Promise<void> {
  const { accountId, mode, scope } = request;
  // A withdrawal waits for nothing and lets nothing wait.
  const queued = go.job.operation !== "order.cancel";
  const before = queued ? underway.lanes.get(accountId) : undefined;
  const work = (async () => {
    if (before !== undefined) await before;
    const { sql } = parts.storage;
    // Whoever settled it meanwhile has given its approval back: then its frame must not leave.
    const intent = findIntent(sql, go.coid);
    if (intent?.state !== "submitting" || intent.job_id !== go.job.jobId) return;
    if (!mayStillLeave(sql, go.coid, go.epoch)) {
      settle(parts, go.coid, { kind: "never_delivered" });
      return;
    }
    const operation = OPERATIONS[go.job.operation];
    const askedAt = parts.now();
    const settlement = await parts.relay.submit({
      class: operation.class,
      traceparent: undefined,
      submit: {
        job_id: go.job.jobId,
        operation: operation.name,
        input: go.job.input,
        input_sha256: contentHash(go.job.input),
        grant: {
          capability: mode === "live" ? "orders.live" : "orders.paper",
          broker_account: accountId,
          scope,
          expires_at: iso(askedAt + 60_000),
        },
        deadline_ms: operation.deadlineMs,
      },
    });
    const proved = settlementOf(sql, go.job.jobId, settlement);
    settle(parts, go.coid, proved);
    if (proved.kind === "outcome") noteRefusedUnder(parts, go.coid, proved.outcome);
  })();
  if (!queued) return work;
  const tail = work.catch(() => undefined);
  underway.lanes.set(accountId, tail);
  try {
    await work;
  } finally {
    if (underway.lanes.get(accountId) === tail) underway.lanes.delete(accountId);
  }
}

export function settle(parts: OrderParts, coid: string, settlement: Settlement): void {
  settleSubmit(parts.storage, coid, settlement, parts.now(), parts.log);
  const intent = findIntent(parts.storage.sql, coid);
  if (intent !== null) watchErrors(parts, intent.broker_account);
}

/**
 * What a job's end proves. Only a job that has no row was never put on the wire: a write's row is
 * stored before its frame can leave. One that the PC gave back untouched, to be sent again, is worth
 * the same: had it taken the approval's nonce, it would refuse the second try.
 */
export function settlementOf(
  sql: SqlStorage,
  jobId: string,
  settlement: JobSettlement,
): Settlement {
  if (settlement.ok) {
    const outcome = OrderOutcome.safeParse(settlement.result);
    return outcome.success ? { kind: "outcome", outcome: outcome.data } : { kind: "unknown" };
  }
  if (settlement.outcome !== "not_executed") return { kind: "unknown" };
  const onWire = sql.exec("SELECT 1 FROM relay_jobs WHERE job_id = ?", jobId).toArray().length > 0;
  return { kind: onWire && !settlement.retryable ? "not_executed" : "never_delivered" };
}

function sharedRead(parts: OrderParts, underway: Underway, preview: Preview) {
  const known = underway.reads.get(preview.previewId);
  if (known !== undefined) return known;
  const read = freshFacts(parts, preview, FRESH_MS).finally(() => {
    underway.reads.delete(preview.previewId);
  });
  underway.reads.set(preview.previewId, read);
  return read;
}

export function orderAnswer(
  parts: OrderParts,
  accountId: string,
  coid: string,
  replayed: boolean,
): Written {
  const intent = findIntent(parts.storage.sql, coid);
  if (intent === null) return refusedWith(accountId, []);
  const order = shownOrder(intent);
  const pending = intent.state === "submitting";
  const undelivered = intent.state === "rejected" && intent.delivered === 0;
  return {
    ok: true,
    answer: {
      account_id: accountId,
      outcome: pending ? "pending" : "answered",
      replayed,
      order,
      approval: null,
      refusals: order.refusals,
      next_step: undelivered
        ? "The sidecar did not take it up, so nothing was sent and the approval still holds. Submit it again under a new key."
        : nextStepFor(order.state),
    },
  };
}

function asReplay(written: Written): Written {
  return written.ok && written.answer.order !== null
    ? { ok: true, answer: { ...written.answer, replayed: true } }
    : written;
}

export function refusedWith(accountId: string, refusals: OrderRefusal[]): Written {
  return {
    ok: true,
    answer: {
      account_id: accountId,
      outcome: "refused",
      replayed: false,
      order: null,
      approval: null,
      refusals,
      next_step: "Nothing was sent. Correct what is named, or make a new preview.",
    },
  };
}

/** No order without its leaf, and no refusal without its own. */
export function refusedAndLogged(
  parts: OrderParts,
  asker: Asker,
  request: Pick<WriteRequest, "accountId" | "previewId">,
  refusals: OrderRefusal[],
): Written {
  logRefusal(parts, asker, request, refusals);
  return refusedWith(request.accountId, refusals);
}

function logRefusal(
  parts: OrderParts,
  asker: Asker,
  request: Pick<WriteRequest, "accountId" | "previewId">,
  refusals: OrderRefusal[],
): void {
  parts.log({
    type: "order.refused",
    kind: "agent",
    clientId: asker.clientId,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount: request.accountId,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId: asker.requestId,
    meta: {
      at: "submit",
      preview_id: request.previewId,
      codes: refusals.map(({ code }) => code).join(","),
    },
  });
}

/** What the caller says it sends must be what was previewed. */
function misfits(preview: Preview, request: WriteRequest): OrderRefusal | null {
  const { order } = preview.ticket;
  if (preview.brokerAccount !== request.accountId) {
    return refusal(
      "APPROVAL_PREVIEW_MISMATCH",
      "account_id",
      "same_account",
      "The approval is for another broker account.",
    );
  }
  if (order.mode !== request.mode) {
    return refusal(
      "ORDER_ACCOUNT_MODE_REFUSED",
      "mode",
      "same_mode",
      `This is a ${order.mode} order; use the tool for ${order.mode} orders.`,
    );
  }
  const verb = request.scope.split(":").at(-1);
  const wanted = order.action === "place" ? "submit" : order.action;
  return verb === wanted
    ? null
    : refusal(
        "APPROVAL_PREVIEW_MISMATCH",
        "approval_id",
        "same_action",
        `What was approved is to ${order.action} an order; use the tool for that.`,
      );
}

function keyIsKnown(sql: SqlStorage, clientId: string, key: string): boolean {
  return (
    sql
      .exec("SELECT 1 FROM order_keys WHERE client_id = ? AND idempotency_key = ?", clientId, key)
      .toArray().length > 0
  );
}

const conflict = (): OrderRefusal =>
  refusal(
    "PAPER_IDEMPOTENCY_CONFLICT",
    "idempotency_key",
    "same_request",
    "The idempotency key is being used for another request.",
  );

const changed = (): OrderRefusal =>
  refusal(
    "APPROVAL_PREVIEW_MISMATCH",
    "preview_id",
    "same_order",
    "The PC understands the order otherwise by now; make a new preview.",
  );

const NO_FACTS: Fresh["facts"] = {
  rules: null,
  instrument: null,
  account: null,
  positions: null,
  working: null,
  fx_to_base: null,
  effect: null,
  greeks: null,
  broker_clock_skew_ms: null,
};
