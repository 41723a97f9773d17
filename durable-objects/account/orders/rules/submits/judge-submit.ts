import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy, type PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { type Figures, figuresOf } from "@ibkr-edge-gateway/policy/figures.ts";
import { withKnownFacts } from "@ibkr-edge-gateway/policy/known-facts.ts";
import type { PolicySnapshot } from "@ibkr-edge-gateway/policy/snapshot.ts";
import type { PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { type Conditions, edgeFacts } from "../../facts/edge-facts.ts";
import { besideOthers } from "../../facts/exit-beside-others.ts";
import { type Approval, findApproval } from "../../tables/approvals.ts";
import type { SignedMandate } from "../../tables/mandates.ts";
import { policyInForce } from "../../tables/policies.ts";
import { findingsAtPreview, findPreview, type Preview } from "../../tables/previews.ts";
import { orderedBefore } from "../approvals/open-request.ts";
import { isExitStop } from "../cancels/protective-order.ts";
import { mandateOfApproval } from "../mandates/mandate-coverage.ts";
import { no, refusalsOf, type SubmitDecision, type SubmitRequest } from "./submit-decision.ts";
import { seenKey } from "./used-idempotency-key.ts";

/** A submit that every rule lets pass, with what it was judged by. */
export interface PassedSubmit {
  kind: "passed";
  preview: Preview;
  approval: Approval | null;
  /** What the PC read, as far as it is known by now. */
  facts: PreviewFacts;
  policy: Policy;
  figures: Figures;
  /** The mandate that the approval was given under, where it covers the order by now. */
  mandate: SignedMandate | null;
  verdict: PolicyVerdict;
}

/**
 * Judges a submit and writes nothing. In order: the key, the preview, the approval, the bounds of a
 * mandate, the policy over fresh numbers with everything that the object knows in this very turn.
 */
export function judgeSubmit(
  sql: SqlStorage,
  request: SubmitRequest,
  conditions: Conditions,
): PassedSubmit | Exclude<SubmitDecision, { kind: "go" }> {
  const { nowMs, client } = conditions;
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
  const second = orderedBefore(sql, preview.previewId, nowMs, request.approvalId);
  if (second !== null) return { kind: "refused", refusals: [second], verdict: null };
  const policy = policyInForce(sql, preview.brokerAccount, nowMs);
  const given = knownNow(sql, request, conditions, { preview, approval });
  const { snapshot: known, exitByProof } = withKnownFacts(given);
  const { facts } = known;
  const figures = policy === null ? null : figuresOf(known, policy.document);
  // Bounds that were kept when the approval was given must be kept now, by what was sent since.
  const under =
    approval?.mandateId == null
      ? null
      : mandateOfApproval(
          sql,
          { ...approval, mandateId: approval.mandateId },
          preview,
          conditions,
          {
            // A mandate stands for no human who reads that the position is not known.
            effect: exitByProof ? null : facts.effect,
            notional: figures?.notional ?? null,
            market: known.edge.market_now,
            waits: facts.instrument?.tradable_now === false,
          },
        );
  const beyond = under?.refusals ?? [];
  const mandate = beyond.length === 0 ? (under?.signed ?? null) : null;
  // Given whole, so that the refusal says which fact is too old.
  const edge = { ...given.edge, mandate_covers: mandate !== null };
  const verdict = evaluatePolicy({ ...given, edge }, policy);
  if (!verdict.allowed || policy === null || figures === null || beyond.length > 0) {
    const failures = refusalsOf(verdict, findingsAtPreview(sql, preview.previewId));
    return { kind: "refused", refusals: [...beyond, ...failures], verdict };
  }
  return { kind: "passed", preview, approval, facts, policy, figures, mandate, verdict };
}

/** What the policy is asked about; whether a mandate covers the order is not known in it yet. */
function knownNow(
  sql: SqlStorage,
  { key, fresh }: SubmitRequest,
  conditions: Conditions,
  { preview, approval }: { preview: Preview; approval: Approval | null },
): PolicySnapshot {
  const { market, facts, readAtMs } = fresh;
  const edge = edgeFacts(sql, conditions, {
    preview,
    approval,
    idempotency: { key, seen: "new" },
    marketNow: market,
    working: facts.working,
    waits: facts.instrument?.waits ?? null,
    ...(readAtMs === undefined ? {} : { readAtMs }),
    mandateCovers: false,
  });
  return {
    now: new Date(conditions.nowMs).toISOString(),
    phase: "submit",
    ticket: preview.ticket,
    facts: besideOthers(facts, preview.ticket.order, edge.own_open, (ref) =>
      isExitStop(sql, ref, conditions.nowMs),
    ),
    edge,
  };
}
