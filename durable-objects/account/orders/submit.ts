import { evaluatePolicy, type Verdict } from "../../../src/policy/evaluate.ts";
import { figuresOf } from "../../../src/policy/figures.ts";
import { killBlocks } from "../../../src/policy/kill-table.ts";
import { sumOf } from "../../../src/policy/percent.ts";
import type { PolicySnapshot } from "../../../src/policy/snapshot.ts";
import type { Assertion } from "../../../src/protocol/approval/assertion.ts";
import type { Mandate } from "../../../src/protocol/approval/mandate.ts";
import { mandateFaults } from "../../../src/protocol/approval/mandate.ts";
import type { ApprovalProof } from "../../../src/protocol/approval/proof.ts";
import type { JsonObject, JsonValue } from "../../../src/protocol/json.ts";
import { principalLeg } from "../../../src/protocol/orders/canonical-order.ts";
import { Decimal, decimalText } from "../../../src/protocol/orders/decimal.ts";
import { type Intent, intentHash, intentOf } from "../../../src/protocol/orders/intent.ts";
import {
  type OrderRefusal,
  type OrderRefusalCode,
  refusal,
} from "../../../src/protocol/orders/refusal.ts";
import type { OrderState } from "../../../src/protocol/orders/state.ts";
import type { PreviewFacts, Quote } from "../../../src/protocol/orders/ticket.ts";
import { type Approval, findApproval, moveApproval } from "./approvals.ts";
import { edgeFacts, type World } from "./edge-facts.ts";
import { countedIntents, findIntent, insertIntent, outcomeOf } from "./intents.ts";
import { killEpoch, killsCovering } from "./kill-switch.ts";
import type { OrderLog } from "./order-audit.ts";
import { policyInForce } from "./policies.ts";
import { findPreview, type Preview } from "./previews.ts";
import type { OrderStorage } from "./storage.ts";
import { tradingDay } from "./trading-day.ts";

/**
 * The submit: one synchronous transaction that either lets an order out or leaves no trace but its
 * refusal. In order: the key, the preview, the approval, the policy over fresh numbers (with the
 * kill switch, the counters and everything in doubt read in this very turn), the approval taken,
 * the key and the intent written, the leaf appended. Only when it has committed may the job leave.
 */
export interface SubmitRequest {
  requestId: string;
  /** The agent's key; with its digest it makes one order of any number of calls. */
  key: string;
  /** SHA-256 of the canonical request. */
  digest: string;
  previewId: string;
  approvalId: string | null;
  mandate: { mandate: Mandate; assertion: Assertion } | null;
  /** Read at the sidecar for this submit, after the preview. */
  fresh: { market: Quote | null; facts: PreviewFacts };
  /** For what has no approval of its own: a cancel, an order under a mandate. */
  nonce: string;
  jobId: string;
}

export interface OrderJob {
  jobId: string;
  operation: "order.place" | "order.modify" | "order.cancel";
  input: JsonObject;
}

export type SubmitDecision =
  /** Committed: send this job, once. */
  | { kind: "go"; coid: string; intentHash: string; epoch: number; job: OrderJob; verdict: Verdict }
  /** The same request again: what is known of its order by now. */
  | { kind: "replay"; coid: string; state: OrderState; outcome: JsonValue }
  | { kind: "refused"; refusals: OrderRefusal[]; verdict: Verdict | null };

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
    return no("LIVE_PREVIEW_EXPIRED", "preview_id", "own_preview", "There is no such preview.");
  }
  const approval =
    request.approvalId === null ? null : findApproval(sql, request.approvalId, nowMs);
  if (request.approvalId !== null && approval?.clientId !== client.clientId) {
    return no("LIVE_APPROVAL_MISSING", "approval_id", "own_approval", "There is no such approval.");
  }

  const policy = policyInForce(sql, preview.brokerAccount, nowMs);
  const mandated = approval === null ? mandateOf(sql, request, preview, world) : null;
  const snapshot: PolicySnapshot = {
    now: new Date(nowMs).toISOString(),
    phase: "submit",
    ticket: preview.ticket,
    facts: request.fresh.facts,
    edge: edgeFacts(sql, world, {
      preview,
      approval,
      idempotency: { key: request.key, seen: "new" },
      marketNow: request.fresh.market,
      mandateCovers: mandated !== null,
    }),
  };
  const verdict = evaluatePolicy(snapshot, policy);
  if (!verdict.allowed || policy === null)
    return { kind: "refused", refusals: refusalsOf(verdict), verdict };

  const isExit = snapshot.facts.effect?.kind === "exit";
  const { order } = preview.ticket;
  if (approval !== null && approval.intent.policy_hash !== policy.hash && !isExit) {
    return no(
      "INTENT_EXPIRED",
      "policy_hash",
      "same_policy",
      "The policy has changed since the owner approved; ask again.",
      verdict,
    );
  }
  const intent = approval?.intent ?? looseIntent(request, preview, policy, world);
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
    return no(
      "LIVE_APPROVAL_MISSING",
      "approval_id",
      "approved",
      "The order is not approved.",
      verdict,
    );
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
  const figures = figuresOf(snapshot, policy.document);
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
  });
  // Reserved just above and yet out already: the rows contradict each other. Undo everything.
  if (!written) throw new Error(`intent ${intent.coid} was sent before`);
  sql.exec(
    `INSERT INTO order_keys (client_id, idempotency_key, digest, coid, used_at) VALUES (?, ?, ?, ?, ?)`,
    client.clientId,
    request.key,
    request.digest,
    intent.coid,
    nowMs,
  );
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
 * and is now covered by a switch does not leave. The caller then settles it as never delivered.
 */
export function mayStillLeave(sql: SqlStorage, coid: string, epoch: number): boolean {
  if (killEpoch(sql) === epoch) return true;
  const intent = findIntent(sql, coid);
  if (intent === null) return false;
  const covering = killsCovering(sql, {
    brokerAccountId: intent.broker_account,
    clientId: intent.client_id,
  });
  return covering.length === 0 || !killBlocks(intent.action, intent.effect);
}

function seenKey(sql: SqlStorage, clientId: string, request: SubmitRequest): SubmitDecision | null {
  const [row] = sql
    .exec<{ digest: string; coid: string }>(
      "SELECT digest, coid FROM order_keys WHERE client_id = ? AND idempotency_key = ?",
      clientId,
      request.key,
    )
    .toArray();
  if (row === undefined) return null;
  if (row.digest !== request.digest) {
    return no(
      "PAPER_IDEMPOTENCY_CONFLICT",
      "idempotency_key",
      "same_request",
      "The idempotency key was used for another request.",
    );
  }
  const intent = findIntent(sql, row.coid);
  if (intent === null)
    return no("PAPER_IDEMPOTENCY_CONFLICT", "idempotency_key", "known", "The key is spent.");
  return { kind: "replay", coid: row.coid, state: intent.state, outcome: outcomeOf(intent) };
}

function mandateOf(
  sql: SqlStorage,
  request: SubmitRequest,
  preview: Preview,
  world: World,
): SubmitRequest["mandate"] {
  const { mandate } = request;
  if (mandate === null) return null;
  const day = tradingDay(world.nowMs);
  // Everything the account did today counts against a mandate, whoever approved it: never fewer.
  const today = countedIntents(sql, preview.brokerAccount, world.nowMs - 26 * 3_600_000).filter(
    (row) => row.day === day && row.action === "place" && row.ledger !== "released",
  );
  const spent = today.reduce<Decimal | null>(
    (total, { notional }) => sumOf(total, notional),
    new Decimal(0),
  );
  if (spent === null) return null;
  const faults = mandateFaults(
    mandate.mandate,
    {
      ticket: preview.ticket,
      gatewayAccountId: world.gatewayAccountId,
      clientId: world.client.clientId,
      effect: request.fresh.facts.effect,
    },
    { orders_today: today.length, notional_today: decimalText(spent) },
    new Date(world.nowMs).toISOString(),
  );
  return faults.length === 0 ? mandate : null;
}

/** How long an intent without an approval of its own may travel. */
const LOOSE_INTENT_MS = 60_000;

function looseIntent(
  request: SubmitRequest,
  preview: Preview,
  policy: { version: number; hash: string },
  world: World,
): Intent {
  return intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: world.gatewayAccountId,
    sidecar_id: preview.sidecarId,
    generation: preview.generation,
    preview_id: preview.previewId,
    policy_version: policy.version,
    policy_hash: policy.hash,
    accepted_warnings: [],
    nonce: request.nonce,
    not_after: new Date(world.nowMs + LOOSE_INTENT_MS).toISOString(),
  });
}

function proofOf(
  approval: Approval | null,
  mandated: SubmitRequest["mandate"],
  intent: Intent,
): ApprovalProof | null {
  const terms = {
    preview_id: intent.preview_id,
    policy_version: intent.policy_version,
    policy_hash: intent.policy_hash,
    accepted_warnings: intent.accepted_warnings,
    nonce: intent.nonce,
    not_after: intent.not_after,
  };
  if (approval?.assertion) {
    return {
      kind: "passkey",
      ...terms,
      tier: approval.tier === 2 ? 2 : 1,
      assertion: approval.assertion,
      echo: approval.echo,
    };
  }
  if (approval === null && mandated !== null) {
    return { kind: "mandate", ...terms, mandate: mandated.mandate, assertion: mandated.assertion };
  }
  return null;
}

function jobOf(
  jobId: string,
  preview: Preview,
  intent: Intent,
  hash: string,
  proof: ApprovalProof | null,
): OrderJob {
  const { order } = preview.ticket;
  const shared = { account_id: order.account_id, mode: order.mode, coid: intent.coid };
  if (order.action === "cancel") {
    const input = { ...shared, order_id: order.target?.order_id ?? "", approval: proof };
    return { jobId, operation: "order.cancel", input };
  }
  const operation = order.action === "place" ? "order.place" : "order.modify";
  return { jobId, operation, input: { ...shared, intent_hash: hash, approval: proof } };
}

/** The verdict's failures in the words of a refusal. */
export function refusalsOf(verdict: Verdict): OrderRefusal[] {
  return verdict.failures.map(({ code, check, outcome, message }) =>
    refusal(code, check, outcome === "unknown" ? "known" : check, message),
  );
}

const no = (
  code: OrderRefusalCode,
  field: string,
  rule: string,
  message: string,
  verdict: Verdict | null = null,
): SubmitDecision => ({
  kind: "refused",
  refusals: [refusal(code, field, rule, message)],
  verdict,
});

const decimalOrNull = (value: Parameters<typeof decimalText>[0] | null): string | null =>
  value === null ? null : decimalText(value.toDecimalPlaces(8));
