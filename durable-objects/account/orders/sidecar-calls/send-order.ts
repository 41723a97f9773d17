import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { readNewer } from "@ibkr-edge-gateway/protocol/operation-schemas/read-newer-version.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/edge-step.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { type ServiceClass, serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { contentHash } from "../../audit/events.ts";
import { clientKnows } from "../../relay/client-knows.ts";
import { findJob } from "../../relay/tables/jobs.ts";
import { traceparentOf } from "../../relay/traceparent.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { notTaken } from "../rules/outcomes/not-executed.ts";
import { LOOK_AGAIN_MS, looksAgain } from "../rules/outcomes/read-book-once-more.ts";
import { mayStillLeave } from "../rules/submits/may-still-leave.ts";
import type { OrderJob } from "../rules/submits/submit-decision.ts";
import { refusedWith, type Written, writeAnswer } from "../rules/submits/submit-response.ts";
import { findIntent } from "../tables/intents/rows.ts";
import type { CancelDecision } from "../transactions/cancel-transaction.ts";
import { watchErrors } from "../transactions/circuit-breakers.ts";
import { type Settlement, settle } from "../transactions/settle.ts";
import { exitLane, type InFlight, oneAtATime } from "./in-flight.ts";
import { noteRefusedUnder } from "./mandate-sync.ts";

/** From arrival to the answer; what is not known by then is answered as pending, with its id. */
const ANSWER_MS = 20_000;
/** A write whose waiter is gone is looked into after this. */
export const ORPHAN_MS = 30_000;

/** Whose order it is and under which scope it goes out. */
interface SentRequest {
  accountId: string;
  mode: TradingMode;
  scope: Scope;
  /** Of the call that sends it; the PC's log bears it. */
  requestId: string;
}

/** Sends what was let out, and answers with what is proved of it by the end of `answerMs`. */
export async function sendOrder(
  parts: OrderParts,
  inFlight: InFlight,
  request: SentRequest,
  decision: CancelDecision,
  startedAt: number,
  answerMs = ANSWER_MS,
): Promise<Written> {
  if (decision.kind === "refused") return refusedWith(request.accountId, decision.refusals);
  if (decision.kind === "replay") return writeAnswer(parts, request.accountId, decision.coid, true);
  parts.wakeAt(parts.now() + ORPHAN_MS);
  const sent = inTurn(parts, inFlight, request, decision);
  const left = Math.max(1_000, answerMs - (parts.now() - startedAt));
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
  return writeAnswer(parts, request.accountId, decision.coid, false);
}

/**
 * A cancel waits for nothing and lets nothing wait. An exit waits for other exits only, or, at a PC
 * that takes none beside an entry, for the one write under way.
 */
function inTurn(
  parts: OrderParts,
  { lanes }: InFlight,
  request: SentRequest,
  go: { coid: string; epoch: number; job: OrderJob },
): Promise<void> {
  const { sql } = parts.storage;
  const exit = findIntent(sql, go.coid)?.effect === "exit";
  const service = exit ? "exit" : "entry";
  const carry = () => carryJob(parts, request, go, service);
  if (go.job.operation === "order.cancel") return carry();
  const apart = exit && clientKnows(sql, "service-class");
  const lane = apart ? exitLane(request.accountId) : request.accountId;
  return oneAtATime(lanes, lane, carry, exit);
}

/**
 * The job's way to the PC and back, whoever still waits for it: its frame leaves here, if it still
 * may, and its end is written down before anybody hears of it.
 */
async function carryJob(
  parts: OrderParts,
  { accountId, mode, scope, requestId }: SentRequest,
  go: { coid: string; epoch: number; job: OrderJob },
  service: ServiceClass,
): Promise<void> {
  const { sql } = parts.storage;
  // Whoever settled it meanwhile has given its approval back: then its frame must not leave.
  const intent = findIntent(sql, go.coid);
  if (intent?.state !== "submitting" || intent.job_id !== go.job.jobId) return;
  if (!mayStillLeave(sql, go.coid, go.epoch)) {
    settleJob(parts, go.coid, { kind: "never_delivered" });
    return;
  }
  const operation = OPERATIONS[go.job.operation];
  const askedAt = parts.now();
  const settlement = await parts.relay.submit({
    class: operation.class,
    traceparent: traceparentOf(requestId),
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
      service: { class: serviceOf(operation.name, service) },
    },
  });
  const proved = provedSettlement(sql, go.job.jobId, settlement);
  settleJob(parts, go.coid, proved);
  if (proved.kind === "outcome") noteRefusedUnder(parts, go.coid, proved.outcome);
}

/** Takes the end of the job that carried an order, and counts the failures in a row. */
export function settleJob(parts: OrderParts, coid: string, settlement: Settlement): void {
  settle(parts.storage, coid, settlement, parts.now(), parts.log);
  const intent = findIntent(parts.storage.sql, coid);
  if (intent === null) return;
  watchErrors(parts, intent.broker_account);
  if (looksAgain(parts.storage.sql).length > 0) parts.wakeAt(parts.now() + LOOK_AGAIN_MS);
}

/**
 * What a job's end proves. Only a job that has no row was never put on the wire: a write's row is
 * stored before its frame can leave. One that the PC gave back untouched, to be sent again, is worth
 * the same: had it taken the approval's nonce, it would refuse the second try.
 */
export function provedSettlement(
  sql: SqlStorage,
  jobId: string,
  settlement: JobSettlement,
): Settlement {
  if (settlement.ok) {
    const read = readNewer(OrderOutcome, settlement.result);
    return read.ok ? { kind: "outcome", outcome: read.value } : { kind: "unknown" };
  }
  if (settlement.outcome !== "not_executed") return { kind: "unknown" };
  const onWire = findJob(sql, jobId) !== null;
  const why = notTaken(settlement);
  return { kind: onWire && !settlement.retryable ? "not_executed" : "never_delivered", why };
}
