import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Intent, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { Conditions } from "../../facts/edge-facts.ts";
import type { PassedSubmit } from "./judge-submit.ts";
import { looseIntent, proofOf } from "./order-job.ts";
import { no, type SubmitDecision } from "./submit-decision.ts";

/** What is sent, its hash, and what proves the owner's yes; only a cancel has no proof. */
export interface ProvedIntent {
  kind: "proved";
  intent: Intent;
  /** Lower-case hex. */
  hash: string;
  proof: ApprovalProof | null;
}

/** The intent that the owner approved, under the policy and the hash that the owner signed. */
export function provedIntent(
  nonce: string,
  passed: PassedSubmit,
  isExit: boolean,
  conditions: Conditions,
): ProvedIntent | Extract<SubmitDecision, { kind: "refused" }> {
  const { preview, approval, policy, mandate, verdict } = passed;
  if (approval !== null && approval.intent.policy_hash !== policy.hash && !isExit) {
    const message = `The policy has changed since the owner approved, from version ${approval.intent.policy_version} to version ${policy.version}; make a new preview and ask again.`;
    return no("INTENT_EXPIRED", "policy_hash", "same_policy", message, verdict);
  }
  const intent = approval?.intent ?? looseIntent(nonce, preview, policy, conditions);
  const hash = intentHash(intent);
  // A changed row is no approval: the hash is computed anew over what will be sent.
  if (approval !== null && hash !== approval.intentHash) {
    const message = "The approval does not hold.";
    return no("APPROVAL_PREVIEW_MISMATCH", "intent_hash", "own_hash", message, verdict);
  }
  const proof = proofOf(approval, mandate, intent);
  if (proof === null && preview.ticket.order.action !== "cancel") {
    return no("APPROVAL_MISSING", "approval_id", "approved", "The order is not approved.", verdict);
  }
  return { kind: "proved", intent, hash, proof };
}
