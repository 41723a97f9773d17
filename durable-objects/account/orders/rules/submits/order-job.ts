import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Intent, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { Conditions } from "../../facts/edge-facts.ts";
import type { Approval } from "../../tables/approvals.ts";
import type { SignedMandate } from "../../tables/mandates.ts";
import type { Preview } from "../../tables/previews.ts";
import type { OrderJob } from "./submit-decision.ts";

// What goes to the sidecar for an order that was let out: the job, and what proves the owner's yes.

/** How long an intent without an approval of its own may travel. */
const LOOSE_INTENT_MS = 60_000;

/** The intent of what has no approval: a cancel. */
export function looseIntent(
  nonce: string,
  preview: Preview,
  policy: { version: number; hash: string },
  conditions: Conditions,
): Intent {
  return intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: conditions.gatewayAccountId,
    sidecar_id: preview.sidecarId,
    generation: preview.generation,
    preview_id: preview.previewId,
    policy_version: policy.version,
    policy_hash: policy.hash,
    accepted_warnings: [],
    nonce,
    not_after: new Date(conditions.nowMs + LOOSE_INTENT_MS).toISOString(),
  });
}

/** What the sidecar verifies; null when there is nothing for it to verify. */
export function proofOf(
  approval: Approval | null,
  mandated: Pick<SignedMandate, "mandate" | "assertion"> | null,
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
  if (approval?.mandateId != null) {
    return mandated === null
      ? null
      : { kind: "mandate", ...terms, mandate: mandated.mandate, assertion: mandated.assertion };
  }
  if (approval?.assertion) {
    return {
      kind: "passkey",
      ...terms,
      tier: approval.tier === 2 ? 2 : 1,
      assertion: approval.assertion,
      echo: approval.echo,
    };
  }
  return null;
}

export function jobOf(
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
