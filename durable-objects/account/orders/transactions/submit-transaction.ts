import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { Decimal, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Conditions } from "../facts/edge-facts.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import { cancelInFlight, noRoomToCancel } from "../rules/cancels/cancel-limits.ts";
import { sessionDay, tradingDay } from "../rules/limits/trading-day.ts";
import { judgeSubmit, type PassedSubmit } from "../rules/submits/judge-submit.ts";
import { jobOf } from "../rules/submits/order-job.ts";
import { type ProvedIntent, provedIntent } from "../rules/submits/proved-intent.ts";
import { no, type SubmitDecision, type SubmitRequest } from "../rules/submits/submit-decision.ts";
import { keepKey } from "../tables/idempotency-keys.ts";
import { findIntent, insertIntent, outcomeOf } from "../tables/intents/rows.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { findPreview } from "../tables/previews.ts";
import { moveApproval } from "./decide-approval.ts";

/**
 * The submit, all or nothing: `judgeSubmit` (rules), `provedIntent` (what the owner signed), the
 * approval taken, then `letOut` (intent, key and leaf written). Only when it has committed may the
 * job leave. A refusal leaves its leaf and nothing else.
 */
export function submitTransaction(
  storage: OrderStorage,
  request: SubmitRequest,
  conditions: Conditions,
  log: OrderLog,
): SubmitDecision {
  return storage.transactionSync(() => {
    const { sql } = storage;
    const refuse = (refused: Refused): Refused => {
      logRefused(sql, request, refused, conditions, log);
      return refused;
    };
    const passed = judgeSubmit(sql, request, conditions);
    if (passed.kind === "refused") return refuse(passed);
    if (passed.kind === "replay") return passed;
    const { preview, approval, verdict } = passed;
    const joined = joinCancel(sql, request, passed, conditions);
    if (joined !== null) return joined.kind === "refused" ? refuse(joined) : joined;
    const isExit = passed.facts.effect?.kind === "exit";
    const proved = provedIntent(request.nonce, passed, isExit, conditions);
    if (proved.kind === "refused") return refuse(proved);
    const { nowMs } = conditions;
    if (approval !== null && moveApproval(sql, approval.approvalId, "reserve", nowMs) === null) {
      const message = "The approval was used before.";
      return refuse(no("APPROVAL_CONSUMED", "approval_id", "one_use", message, verdict));
    }
    letOut(sql, request, passed, proved, conditions, log);
    const { intent, hash, proof } = proved;
    return {
      kind: "go",
      coid: intent.coid,
      intentHash: hash,
      epoch: killEpoch(sql),
      job: jobOf(request.jobId, preview, intent, hash, proof),
      verdict,
    };
  });
}

type Refused = Extract<SubmitDecision, { kind: "refused" }>;

/**
 * An agent's cancel of an order that is being cancelled already is that cancel; and there is a bound
 * on how many are in flight. Null where neither stands in the way.
 */
function joinCancel(
  sql: SqlStorage,
  request: SubmitRequest,
  { preview, approval, verdict }: PassedSubmit,
  { client, nowMs }: Conditions,
): Exclude<SubmitDecision, { kind: "go" }> | null {
  const { action, target, mode } = preview.ticket.order;
  if (action !== "cancel" || target == null || approval !== null || client.kind !== "agent") {
    return null;
  }
  const { brokerAccount } = preview;
  const coid = cancelInFlight(sql, { brokerAccount, mode, target: target.order_id }, nowMs);
  const inFlight = coid === null ? null : findIntent(sql, coid);
  if (inFlight !== null) {
    keepKey(sql, client.clientId, request, inFlight.coid, nowMs);
    const { state } = inFlight;
    return { kind: "replay", coid: inFlight.coid, state, outcome: outcomeOf(inFlight) };
  }
  const full = noRoomToCancel(sql, brokerAccount, nowMs);
  return full === null ? null : { kind: "refused", refusals: [full], verdict };
}

/** Writes the intent, what its key stands for, and its leaf. */
function letOut(
  sql: SqlStorage,
  request: SubmitRequest,
  { preview, approval, facts, policy, figures, mandate, verdict }: PassedSubmit,
  { intent, hash }: ProvedIntent,
  { nowMs, client, sidecarId }: Conditions,
  log: OrderLog,
): void {
  const { order } = preview.ticket;
  const isCancel = order.action === "cancel";
  const leg = principalLeg(order);
  const written = insertIntent(sql, {
    coid: intent.coid,
    intent_hash: hash,
    approval_id: approval?.approvalId ?? null,
    preview_id: preview.previewId,
    client_id: client.clientId,
    broker_account: preview.brokerAccount,
    mode: order.mode,
    action: order.action,
    conid: leg.contract.conid,
    side: leg.side,
    asset_class: leg.contract.asset_class,
    quantity: leg.quantity,
    time_in_force: leg.time_in_force,
    economic_hash: preview.economicHash,
    effect: facts.effect?.kind ?? null,
    job_id: request.jobId,
    orders: order.action === "place" ? order.legs.length : 0,
    notional: isCancel ? "0" : notionalText(figures.notional),
    day: isCancel ? tradingDay(nowMs) : sessionDay(facts.instrument?.waits, nowMs),
    created_at: nowMs,
    withdraws: isCancel ? (order.target?.order_id ?? null) : null,
    // As read for this submit: the market may have opened since the preview.
    waits: isCancel ? null : (facts.instrument?.waits ?? null),
  });
  // Reserved just above and yet out already: the rows contradict each other. Undo everything.
  if (!written) throw new Error(`intent ${intent.coid} was sent before`);
  keepKey(sql, client.clientId, request, intent.coid, nowMs);
  log({
    type: "order.submitted",
    kind: "agent",
    clientId: client.clientId,
    sidecarId,
    brokerAccount: preview.brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId: request.requestId,
    meta: {
      coid: intent.coid,
      intent_hash: hash,
      action: order.action,
      mode: order.mode,
      preview_id: preview.previewId,
      approval_id: approval?.approvalId ?? "",
      mandate: mandate === null ? "" : mandate.mandate.mandate_id,
      tier: String(verdict.required_tier),
      policy_version: String(policy.version),
      policy_hash: policy.hash,
      job_id: request.jobId,
      ...(request.trigger === undefined ? {} : { trigger: request.trigger }),
    },
  });
}

function logRefused(
  sql: SqlStorage,
  { previewId, requestId }: SubmitRequest,
  { refusals, verdict }: Refused,
  { client, sidecarId }: Conditions,
  log: OrderLog,
): void {
  log({
    type: "order.refused",
    kind: "agent",
    clientId: client.clientId,
    sidecarId,
    brokerAccount: findPreview(sql, previewId)?.brokerAccount ?? null,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INTERNAL",
    requestId,
    meta: {
      preview_id: previewId,
      codes: refusals.map(({ code }) => code).join(","),
      policy_version: String(verdict?.policy_version ?? 0),
      policy_hash: verdict?.policy_hash ?? "",
    },
  });
}

const notionalText = (value: Parameters<typeof decimalText>[0] | null): string | null =>
  value === null ? null : decimalText(value.toDecimalPlaces(8, Decimal.ROUND_UP));
