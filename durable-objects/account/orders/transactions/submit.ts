import { evaluatePolicy } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { figuresOf } from "@ibkr-edge-gateway/policy/figures.ts";
import { killBlocks } from "@ibkr-edge-gateway/policy/kill-table.ts";
import type { PolicySnapshot } from "@ibkr-edge-gateway/policy/snapshot.ts";
import { principalLeg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { OrderLog } from "../order-log.ts";
import { noRoomToWithdraw, withdrawalUnderWay } from "../rules/cancel-limits.ts";
import { edgeFacts, type World } from "../rules/edge-facts.ts";
import { mandateOfApproval } from "../rules/mandate-coverage.ts";
import { jobOf, looseIntent, proofOf } from "../rules/order-job.ts";
import { seenKey } from "../rules/seen-key.ts";
import { no, refusalsOf, type SubmitDecision, type SubmitRequest } from "../rules/submit-types.ts";
import { findApproval, moveApproval } from "../tables/approvals.ts";
import { keepKey } from "../tables/idempotency-keys.ts";
import { findIntent, insertIntent, outcomeOf } from "../tables/intents.ts";
import { isUnderEndedMandate } from "../tables/joint/mandate-orders.ts";
import { killEpoch } from "../tables/kill-epoch.ts";
import { policyInForce } from "../tables/policies.ts";
import { findingsAtPreview } from "../tables/preview-notes.ts";
import { findPreview } from "../tables/previews.ts";
import type { OrderStorage } from "../tables/storage.ts";
import { tradingDay } from "../tables/trading-day.ts";
import { killsCovering } from "./kill-switches.ts";

export function submitOrder(
  storage: OrderStorage,
  request: SubmitRequest,
  world: World,
  log: OrderLog,
): SubmitDecision {
  return storage.transactionSync(() => {
    const decision = decide(storage.sql, request, world, log);
    if (decision.kind === "refused") {
      const preview = findPreview(storage.sql, request.previewId);
      log({
        type: "order.refused",
        kind: "agent",
        clientId: world.client.clientId,
        sidecarId: world.sidecarId,
        brokerAccount: preview?.brokerAccount ?? null,
        decision: "refuse",
        errorCode: decision.refusals[0]?.code ?? "INTERNAL",
        requestId: request.requestId,
        meta: {
          preview_id: request.previewId,
          codes: decision.refusals.map(({ code }) => code).join(","),
          policy_version: String(decision.verdict?.policy_version ?? 0),
          policy_hash: decision.verdict?.policy_hash ?? "",
        },
      });
    }
    return decision;
  });
}

function decide(
  sql: SqlStorage,
  request: SubmitRequest,
  world: World,
  log: OrderLog,
): SubmitDecision {
  const { nowMs, client } = world;
  const seen = seenKey(sql, client.clientId, request);
  if (seen !== null) return seen;

  const preview = findPreview(sql, request.previewId);
  if (preview === null || preview.clientId !== client.clientId) {
    return no("PREVIEW_EXPIRED", "preview_id", "own_preview", "There is no such preview.");
  }
  const approval =
    request.approvalId === null ? null : findApproval(sql, request.approvalId, nowMs);
  if (request.approvalId !== null && approval?.clientId !== client.clientId) {
    return no("APPROVAL_MISSING", "approval_id", "own_approval", "There is no such approval.");
  }

  const policy = policyInForce(sql, preview.brokerAccount, nowMs);
  const { facts } = request.fresh;
  const seenNow: PolicySnapshot = {
    now: new Date(nowMs).toISOString(),
    phase: "submit",
    ticket: preview.ticket,
    facts,
    edge: edgeFacts(sql, world, {
      preview,
      approval,
      idempotency: { key: request.key, seen: "new" },
      marketNow: request.fresh.market,
      working: request.fresh.facts.working,
      ...(request.fresh.readAtMs === undefined ? {} : { readAtMs: request.fresh.readAtMs }),
      mandateCovers: false,
    }),
  };
  const figures = policy === null ? null : figuresOf(seenNow, policy.document);
  // Bounds that were kept when the approval was given must be kept now, by what was sent since.
  const under =
    approval?.mandateId == null
      ? null
      : mandateOfApproval(sql, { ...approval, mandateId: approval.mandateId }, preview, world, {
          effect: facts.effect,
          notional: figures?.notional ?? null,
        });
  const mandated = under !== null && under.refusals.length === 0 ? under.signed : null;
  const snapshot: PolicySnapshot = {
    ...seenNow,
    edge: { ...seenNow.edge, mandate_covers: mandated !== null },
  };
  const verdict = evaluatePolicy(snapshot, policy);
  const beyond = under?.refusals ?? [];
  if (!verdict.allowed || policy === null || figures === null || beyond.length > 0)
    return {
      kind: "refused",
      refusals: [...beyond, ...refusalsOf(verdict, findingsAtPreview(sql, preview.previewId))],
      verdict,
    };

  const isExit = snapshot.facts.effect?.kind === "exit";
  const { order } = preview.ticket;
  if (
    order.action === "cancel" &&
    order.target != null &&
    approval === null &&
    client.kind === "agent"
  ) {
    const { brokerAccount } = preview;
    const withdrawn = { brokerAccount, mode: order.mode, withdraws: order.target.order_id };
    const coid = withdrawalUnderWay(sql, withdrawn, nowMs);
    const underWay = coid === null ? null : findIntent(sql, coid);
    if (underWay !== null) {
      keepKey(sql, client.clientId, request, underWay.coid, nowMs);
      const { state } = underWay;
      return { kind: "replay", coid: underWay.coid, state, outcome: outcomeOf(underWay) };
    }
    const full = noRoomToWithdraw(sql, brokerAccount, nowMs);
    if (full !== null) return { kind: "refused", refusals: [full], verdict };
  }
  if (approval !== null && approval.intent.policy_hash !== policy.hash && !isExit) {
    return no(
      "INTENT_EXPIRED",
      "policy_hash",
      "same_policy",
      `The policy has changed since the owner approved, from version ${approval.intent.policy_version} to version ${policy.version}; make a new preview and ask again.`,
      verdict,
    );
  }
  const intent = approval?.intent ?? looseIntent(request.nonce, preview, policy, world);
  const hash = intentHash(intent);
  // A changed row is no approval: the hash is computed anew over what will be sent.
  if (approval !== null && hash !== approval.intentHash) {
    return no(
      "APPROVAL_PREVIEW_MISMATCH",
      "intent_hash",
      "own_hash",
      "The approval does not hold.",
      verdict,
    );
  }

  const proof = proofOf(approval, mandated, intent);
  if (proof === null && order.action !== "cancel") {
    return no("APPROVAL_MISSING", "approval_id", "approved", "The order is not approved.", verdict);
  }
  if (approval !== null && moveApproval(sql, approval.approvalId, "reserve", nowMs) === null) {
    return no(
      "APPROVAL_CONSUMED",
      "approval_id",
      "one_use",
      "The approval was used before.",
      verdict,
    );
  }
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
    effect: snapshot.facts.effect?.kind ?? null,
    job_id: request.jobId,
    orders: order.action === "place" ? order.legs.length : 0,
    notional: order.action === "cancel" ? "0" : decimalOrNull(figures.notional),
    day: tradingDay(nowMs),
    created_at: nowMs,
    withdraws: order.action === "cancel" ? (order.target?.order_id ?? null) : null,
    // As read for this submit: the market may have opened since the preview.
    waits: order.action === "cancel" ? null : (facts.instrument?.waits ?? null),
  });
  // Reserved just above and yet out already: the rows contradict each other. Undo everything.
  if (!written) throw new Error(`intent ${intent.coid} was sent before`);
  keepKey(sql, client.clientId, request, intent.coid, nowMs);
  log({
    type: "order.submitted",
    kind: "agent",
    clientId: client.clientId,
    sidecarId: world.sidecarId,
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
      mandate: mandated === null ? "" : mandated.mandate.mandate_id,
      tier: String(verdict.required_tier),
      policy_version: String(policy.version),
      policy_hash: policy.hash,
      job_id: request.jobId,
      ...(request.trigger === undefined ? {} : { trigger: request.trigger }),
    },
  });
  return {
    kind: "go",
    coid: intent.coid,
    intentHash: hash,
    epoch: killEpoch(sql),
    job: jobOf(request.jobId, preview, intent, hash, proof),
    verdict,
  };
}

/**
 * Asked once more right before the job's frame leaves, after any wait: an order that was let out
 * and is now covered by a switch, or whose mandate was revoked, does not leave. The caller then settles it as never delivered.
 */
export function mayStillLeave(sql: SqlStorage, coid: string, epoch: number): boolean {
  if (isUnderEndedMandate(sql, coid)) return false;
  if (killEpoch(sql) === epoch) return true;
  const intent = findIntent(sql, coid);
  if (intent === null) return false;
  const covering = killsCovering(sql, {
    brokerAccountId: intent.broker_account,
    clientId: intent.client_id,
  });
  return covering.length === 0 || !killBlocks(intent.action, intent.effect);
}

const decimalOrNull = (value: Parameters<typeof decimalText>[0] | null): string | null =>
  value === null ? null : decimalText(value.toDecimalPlaces(8));
