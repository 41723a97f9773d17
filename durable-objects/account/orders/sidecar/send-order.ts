import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { OPERATIONS } from "@ibkr-edge-gateway/protocol/operations/registry.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import type { JobSettlement } from "@ibkr-edge-gateway/protocol/relay/edge/step.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { contentHash } from "../../audit/events.ts";
import { findJob } from "../../relay/tables/jobs.ts";
import { iso, type OrderParts } from "../order-context.ts";
import { notTaken } from "../rules/not-executed.ts";
import type { OrderJob } from "../rules/submit-types.ts";
import { findIntent } from "../tables/intents.ts";
import { watchErrors } from "../transactions/circuit-breakers.ts";
import { type Settlement, settleSubmit } from "../transactions/settle.ts";
import { mayStillLeave } from "../transactions/submit.ts";
import type { Underway } from "./in-flight.ts";
import { noteRefusedUnder } from "./mandate-sync.ts";

/** Sends the committed job and takes its end, whoever still waits for it. */
export async function sendOrder(
  parts: OrderParts,
  underway: Underway,
  request: { accountId: string; mode: TradingMode; scope: Scope },
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
  const onWire = findJob(sql, jobId) !== null;
  const why = notTaken(settlement);
  return { kind: onWire && !settlement.retryable ? "not_executed" : "never_delivered", why };
}
