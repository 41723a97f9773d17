import type { PolicyVerdict } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { fieldOf } from "@ibkr-edge-gateway/policy/field-of-check.ts";
import { type KeptFindings, sincePreview } from "@ibkr-edge-gateway/policy/since-preview.ts";
import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import {
  type OrderRefusal,
  type OrderRefusalCode,
  refusal,
} from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { PreviewFacts, TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";

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
  /** Read at the sidecar for this submit, after the preview. */
  fresh: { market: TicketQuote | null; facts: PreviewFacts; readAtMs?: number };
  /** For what has no approval: a cancel. */
  nonce: string;
  jobId: string;
  /** What set it off, where that is not the agent's own call: the owner's *Approve and send*. */
  trigger?: "approval";
}

export interface OrderJob {
  jobId: string;
  operation: "order.place" | "order.modify" | "order.cancel";
  input: JsonObject;
}

export type SubmitDecision =
  /** Committed: send this job, once. */
  | {
      kind: "go";
      coid: string;
      intentHash: string;
      epoch: number;
      job: OrderJob;
      verdict: PolicyVerdict;
    }
  /** The same request again: what is known of its order by now. */
  | { kind: "replay"; coid: string; state: OrderState; outcome: JsonValue }
  | { kind: "refused"; refusals: OrderRefusal[]; verdict: PolicyVerdict | null };

/** The verdict's failures in the words of a refusal. */
export function refusalsOf(
  verdict: Pick<PolicyVerdict, "failures">,
  atPreview: KeptFindings | null = null,
): OrderRefusal[] {
  return verdict.failures.map((failure) => {
    const { code, check, outcome } = failure;
    const rule = outcome === "unknown" ? "known" : check;
    return refusal(code, fieldOf(check), rule, sincePreview(failure, atPreview));
  });
}

export const no = (
  code: OrderRefusalCode,
  field: string,
  rule: string,
  message: string,
  verdict: PolicyVerdict | null = null,
): Extract<SubmitDecision, { kind: "refused" }> => ({
  kind: "refused",
  refusals: [refusal(code, field, rule, message)],
  verdict,
});
