import type { Policy } from "@ibkr-edge-gateway/policy/document.ts";
import { approvalTtlSeconds } from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import type { Tier } from "@ibkr-edge-gateway/protocol/approval/tier.ts";
import {
  type AcceptedWarning,
  intentHash,
  intentOf,
} from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { openRequest } from "../rules/approvals/open-request.ts";
import { type Approval, insertApproval } from "../tables/approvals.ts";
import type { Preview } from "../tables/previews.ts";

/**
 * Asks. One preview has one request: asking again while it is open gives the same one back. The
 * intent is fixed here, with its nonce and its end, so that the page signs what will be sent. Under a
 * mandate that the caller found to cover the order it is given at once, at tier 0.
 */
export function requestApproval(
  sql: SqlStorage,
  request: {
    approvalId: string;
    gatewayAccountId: string;
    preview: Preview;
    policy: Policy;
    tier: Tier;
    acceptedWarnings: AcceptedWarning[];
    ttlSeconds: number | null;
    nonce: string;
    mandateId?: string;
  },
  nowMs: number,
): Approval {
  const { preview, policy } = request;
  const open = openRequest(sql, preview.previewId, nowMs);
  if (open !== null) return open;
  const expiresAt = Math.min(
    nowMs + approvalTtlSeconds(request.ttlSeconds) * 1_000,
    // An approval outlives neither its preview at the sidecar nor the numbers the owner saw.
    preview.expiresAt,
  );
  const intent = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: request.gatewayAccountId,
    sidecar_id: preview.sidecarId,
    generation: preview.generation,
    preview_id: preview.previewId,
    policy_version: policy.version,
    policy_hash: policy.hash,
    accepted_warnings: request.acceptedWarnings,
    nonce: request.nonce,
    not_after: new Date(expiresAt).toISOString(),
  });
  const approval: Approval = {
    approvalId: request.approvalId,
    previewId: preview.previewId,
    intentHash: intentHash(intent),
    intent,
    clientId: preview.clientId,
    brokerAccount: preview.brokerAccount,
    economicHash: preview.economicHash,
    tier:
      request.mandateId !== undefined ? 0 : Math.max(request.tier, preview.leastTier) === 2 ? 2 : 1,
    state: request.mandateId === undefined ? "pending" : "approved",
    assertion: null,
    echo: null,
    mandateId: request.mandateId ?? null,
    createdAt: nowMs,
    expiresAt,
  };
  insertApproval(sql, approval, approval.mandateId === null ? null : nowMs);
  return approval;
}
