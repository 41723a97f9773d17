import type { DatabaseSync } from "node:sqlite";
import type { ApprovalProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { type Intent, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { isNonceUsed } from "../tables/nonces.ts";
import type { PcFacts } from "./pc-facts.ts";

/** The intent as this PC computes it: its own ticket, under the terms that came along. */
export function ownIntent(
  proof: ApprovalProof,
  own: Pick<PcFacts, "gatewayAccountId" | "sidecarId">,
  preview: NonNullable<PcFacts["preview"]>,
): Intent {
  return intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: own.gatewayAccountId,
    sidecar_id: own.sidecarId,
    generation: preview.generation,
    preview_id: proof.preview_id,
    policy_version: proof.policy_version,
    policy_hash: proof.policy_hash,
    accepted_warnings: proof.accepted_warnings,
    nonce: proof.nonce,
    not_after: proof.not_after,
  });
}

/** Whether an approval can still be used at all: its time, its broker session, its one use. */
export function usabilityFaults(
  db: DatabaseSync,
  proof: ApprovalProof,
  own: Pick<PcFacts, "nowMs" | "generation">,
  generation: number,
): OrderRefusal[] {
  const faults: OrderRefusal[] = [];
  if (!(own.nowMs < Date.parse(proof.not_after))) {
    faults.push(
      refusal("APPROVAL_EXPIRED", "not_after", "not_expired", "The approval has expired."),
    );
  }
  if (generation !== own.generation) {
    faults.push(
      refusal(
        "GENERATION_CHANGED",
        "generation",
        "same_broker_session",
        "The broker session is another one since the preview.",
      ),
    );
  }
  if (isNonceUsed(db, proof.nonce)) faults.push(consumed());
  return faults;
}

export const noSuchPreview = (): OrderRefusal =>
  refusal(
    "APPROVAL_PREVIEW_MISMATCH",
    "preview_id",
    "own_preview",
    "This sidecar made no such preview.",
  );

export const consumed = (): OrderRefusal =>
  refusal("APPROVAL_CONSUMED", "nonce", "one_use", "This approval was used before.");
