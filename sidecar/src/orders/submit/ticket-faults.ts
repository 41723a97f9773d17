import { type Intent, intentHash, intentOf } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { KeptPreview } from "../journal/previews.ts";
import type { SubmitContext, SubmitInput } from "./submit-context.ts";

/** What an approval says of the intent, of whichever kind it is. */
type ApprovedTerms = Pick<
  Intent,
  "preview_id" | "policy_version" | "policy_hash" | "accepted_warnings" | "nonce" | "not_after"
>;

/** The ticket under an approval, held against what the edge says of it. */
export function ticketFaults(
  parts: Pick<SubmitContext, "gatewayAccountId" | "sidecarId">,
  preview: KeptPreview | null,
  input: Omit<SubmitInput, "approval"> & { approval: ApprovedTerms },
  action: "place" | "modify",
): OrderRefusal[] {
  const mismatch = (field: string, rule: string, message: string) =>
    refusal("APPROVAL_PREVIEW_MISMATCH", field, rule, message);
  if (preview === null) {
    return [mismatch("preview_id", "own_preview", "This sidecar made no such preview.")];
  }
  const { order } = preview.ticket;
  const faults: OrderRefusal[] = [];
  if (order.account_id !== input.account_id) {
    faults.push(mismatch("account_id", "account_of_ticket", "The ticket is for another account."));
  }
  if (order.mode !== input.mode) {
    faults.push(mismatch("mode", "mode_of_ticket", "The ticket is for another mode."));
  }
  if (order.action !== action) {
    faults.push(mismatch("action", "action_of_ticket", "The ticket is for another act."));
  }
  const own = intentOf({
    v: 1,
    ticket: preview.ticket,
    gateway_account_id: parts.gatewayAccountId,
    sidecar_id: parts.sidecarId,
    generation: preview.generation,
    preview_id: input.approval.preview_id,
    policy_version: input.approval.policy_version,
    policy_hash: input.approval.policy_hash,
    accepted_warnings: input.approval.accepted_warnings,
    nonce: input.approval.nonce,
    not_after: input.approval.not_after,
  });
  if (own.coid !== input.coid || intentHash(own) !== input.intent_hash) {
    faults.push(
      mismatch(
        "intent_hash",
        "own_intent",
        "The gateway's intent is not the one this PC computes.",
      ),
    );
  }
  return faults;
}
