import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import {
  type CheckResult,
  evaluatePolicy,
  type PolicyVerdict,
} from "@ibkr-edge-gateway/policy/evaluate.ts";
import type { GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type {
  PolicyFailure,
  PreviewAnswerShown,
} from "@ibkr-edge-gateway/protocol/operations/edge-orders.ts";
import {
  orderPreview,
  type PreviewedTicket,
  type PreviewRequest,
} from "@ibkr-edge-gateway/protocol/operations/order-preview.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import { orderInWords } from "@ibkr-edge-gateway/protocol/orders/words.ts";
import { auditBacklogBlocksWrites } from "../../audit/outbox.ts";
import { type AgentAsker, iso, type OrderParts } from "../order-context.ts";
import { conditionsOf, provenSkewMs } from "../rules/conditions.ts";
import { edgeFacts } from "../rules/edge-facts.ts";
import { type Covered, coveringMandate } from "../rules/mandate-coverage.ts";
import { newerRefusal, withAllOfTicket } from "../sidecar/newer-pc.ts";
import { askSidecar } from "../sidecar/request.ts";
import { newestVersion, policyInForce } from "../tables/policies.ts";
import { keepFindings, keepNotes } from "../tables/preview-notes.ts";
import type { Preview } from "../tables/previews.ts";
import { changePolicy } from "../transactions/change-policy.ts";
import { watchLoss } from "../transactions/circuit-breakers.ts";
import { storePreview } from "../transactions/store-preview.ts";

/**
 * Prepares an order: the sidecar makes the ticket, the policy is evaluated over it, and whatever is
 * known to stand in the way is said now and not after a human approved.
 */
export type Prepared =
  | { ok: true; preview: Preview; verdict: PolicyVerdict; shown: PreviewAnswerShown }
  | { ok: true; preview: null; shown: PreviewAnswerShown }
  | { ok: false; failure: GatewayFailure };

export async function preparePreview(
  parts: OrderParts,
  asker: AgentAsker,
  accountId: string,
  request: PreviewRequest,
): Promise<Prepared> {
  const answer = await askSidecar(
    parts,
    orderPreview,
    { account_id: accountId, request },
    { scope: "ibkr:orders:preview", account: accountId },
  );
  if (!answer.ok) return answer;
  const newer = newerRefusal(answer);
  if (newer !== null) return { ok: false, failure: newer };
  const outcome = withAllOfTicket(answer);
  if (outcome.outcome === "refused") {
    refused(parts, asker, accountId, outcome.refusals);
    return {
      ok: true,
      preview: null,
      shown: {
        account_id: accountId,
        outcome: "refused",
        preview: null,
        refusals: outcome.refusals,
        candidates: outcome.candidates,
        next_step:
          outcome.candidates.length > 0
            ? "Ask again with the conid of the contract that is meant."
            : "Correct what is named and ask again. Nothing was sent.",
      },
    };
  }
  const skewMs = provenSkewMs(outcome.ticket.prepared_at, answer.askedAt, answer.heardAt);
  return keep(parts, asker, outcome, skewMs);
}

function keep(
  parts: OrderParts,
  asker: AgentAsker,
  outcome: PreviewedTicket,
  skewMs: number | null,
): Prepared {
  const { storage, relay, now } = parts;
  return storage.transactionSync(() => {
    const { sql } = storage;
    const nowMs = now();
    const { order } = outcome.ticket;
    ensurePolicy(parts, order.account_id, order.mode, asker.requestId);
    const preview = storePreview(
      sql,
      {
        previewId: outcome.preview_id,
        clientId: asker.clientId,
        sidecarId: relay.presence().sidecarId ?? "",
        generation: outcome.generation,
        ticket: outcome.ticket,
        facts: outcome.facts,
        leastTier: outcome.least_tier,
        keptUntilMs: Date.parse(outcome.kept_until),
      },
      nowMs,
    );
    keepNotes(sql, preview.previewId, outcome, nowMs);
    watchLoss(parts, preview.brokerAccount, preview.facts.account);
    const { verdict, policy } = judge(parts, asker, preview, skewMs);
    keepFindings(sql, preview.previewId, verdict);
    const mayBeAsked = lasting(verdict).length === 0 && outcome.local_refusals.length === 0;
    return {
      ok: true,
      preview,
      verdict,
      shown: {
        account_id: preview.brokerAccount,
        outcome: "prepared",
        preview: {
          preview_id: preview.previewId,
          mode: order.mode,
          in_words: orderInWords(outcome.ticket),
          order,
          market: outcome.ticket.market,
          notional: outcome.ticket.notional,
          base_currency: outcome.ticket.base_currency,
          what_if: outcome.ticket.what_if,
          warnings: outcome.ticket.warnings,
          may_be_asked: mayBeAsked,
          policy_failures: policyFailures(verdict),
          pc_refusals: outcome.local_refusals,
          policy_version: policy?.version ?? 0,
          // Inside a mandate the PC's own number was brought back once, for the mandate.
          tier:
            verdict.required_tier === 0 ? 0 : Math.max(verdict.required_tier, preview.leastTier),
          expires_at: iso(preview.expiresAt),
          source: outcome.source,
          notes: outcome.notes,
        },
        refusals: [],
        candidates: [],
        next_step: mayBeAsked
          ? "Show the order to the human, then ask the owner with ibkr_approvals_create. Nothing was sent."
          : "As it stands the order would be refused; see policy_failures and pc_refusals. Nothing was sent.",
      },
    };
  });
}

/** The policy over one preview as it was stored, with everything the object knows now. */
export function judge(
  parts: OrderParts,
  asker: AgentAsker,
  preview: Preview,
  skewMs: number | null,
): { verdict: PolicyVerdict; policy: Policy | null; covered: Covered | null } {
  const { sql } = parts.storage;
  const { facts } = preview;
  const conditions = conditionsOf(parts, asker, {
    skewMs,
    reread: facts.working !== null && facts.positions !== null,
  });
  const policy = policyInForce(sql, preview.brokerAccount, conditions.nowMs);
  const covered = coveringMandate(sql, preview, facts.effect, conditions);
  const judged = evaluatePolicy(
    {
      now: iso(conditions.nowMs),
      phase: "preview",
      ticket: preview.ticket,
      facts,
      edge: edgeFacts(sql, conditions, {
        preview,
        approval: null,
        idempotency: null,
        marketNow: preview.ticket.market,
        working: facts.working,
        mandateCovers: covered !== null,
      }),
    },
    policy,
  );
  return { verdict: withBacklog(judged, parts, preview), policy, covered };
}

/**
 * An account that has no policy yet gets the careful one it starts with, for the mode the broker
 * proves. The switches are off until the owner turns them on, so that this allows nothing yet.
 */
export function ensurePolicy(
  parts: OrderParts,
  brokerAccount: string,
  mode: "paper" | "live",
  requestId: string,
): void {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  if (newestVersion(sql, brokerAccount) > 0) return;
  const document = defaultPolicy(brokerAccount, mode);
  const made = changePolicy(sql, { document, basedOn: null, signed: true }, nowMs);
  if (!made.ok) throw new Error(`the default policy is invalid at ${made.detail}`);
  parts.log({
    type: "policy.changed",
    kind: "gateway",
    clientId: null,
    sidecarId: null,
    brokerAccount,
    decision: "allow",
    errorCode: null,
    requestId,
    meta: { version: String(made.version), hash: made.hash, reason: "first_policy", mode },
  });
}

/** What stands in the way of asking the owner: whatever would stand in the way of the submit. */
export function lasting(verdict: PolicyVerdict): PolicyVerdict["failures"] {
  return verdict.failures;
}

/** The submit asks this of an entry; asked only there, it would be found out after the owner's yes. */
function withBacklog(verdict: PolicyVerdict, parts: OrderParts, preview: Preview): PolicyVerdict {
  const { order } = preview.ticket;
  const opens = order.action !== "cancel" && preview.facts.effect?.kind !== "exit";
  const backlog = opens ? auditBacklogBlocksWrites(parts.storage.sql, parts.now()) : null;
  if (backlog === null) return verdict;
  const failure: CheckResult = {
    number: 5,
    check: "audit-available",
    code: "AUDIT_UNAVAILABLE",
    stage: "state",
    outcome: "fail",
    message: backlog.message,
    observed: null,
    limit: null,
    headroom: null,
    source: "gateway",
    as_of: iso(parts.now()),
  };
  return { ...verdict, allowed: false, failures: [failure, ...verdict.failures] };
}

export function policyFailures(verdict: PolicyVerdict): PolicyFailure[] {
  return verdict.failures.map(({ code, check, message, observed, limit, headroom }) => ({
    code,
    check,
    message,
    observed,
    limit,
    headroom,
  }));
}

function refused(
  parts: OrderParts,
  asker: AgentAsker,
  brokerAccount: string,
  refusals: readonly OrderRefusal[],
): void {
  parts.log({
    type: "order.refused",
    kind: "agent",
    clientId: asker.clientId,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount,
    decision: "refuse",
    errorCode: refusals[0]?.code ?? "INPUT_INVALID",
    requestId: asker.requestId,
    meta: {
      at: "preview",
      codes: refusals.map(({ code }) => code).join(","),
      fields: refusals
        .map(({ field }) => field)
        .join(",")
        .slice(0, 300),
    },
  });
}
