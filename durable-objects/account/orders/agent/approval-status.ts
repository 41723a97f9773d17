import { failure, type GatewayFailure } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { ShownOrder } from "@ibkr-edge-gateway/protocol/operation-schemas/shown-order.ts";
import type { ShownApproval } from "@ibkr-edge-gateway/protocol/operation-schemas/trade-approvals.ts";
import { type AgentAsker, iso, type OrderParts } from "../order-context.ts";
import { nextStepFor, shownOrder } from "../rules/outcomes/order-view.ts";
import { submitCallText } from "../rules/submits/submit-call.ts";
import { type Approval, findApproval } from "../tables/approvals.ts";
import { findIntent, type IntentRow } from "../tables/intents/rows.ts";
import { sendWish } from "../tables/sends.ts";

export type Status =
  | { ok: true; approval: ShownApproval; order: ShownOrder | null; next_step: string }
  | { ok: false; failure: GatewayFailure };

export function approvalStatus(
  parts: OrderParts,
  asker: AgentAsker,
  input: { account_id: string; approval_id: string },
): Status {
  const { sql } = parts.storage;
  const approval = findApproval(sql, input.approval_id, parts.now());
  if (
    approval === null ||
    approval.clientId !== asker.clientId ||
    approval.brokerAccount !== input.account_id
  ) {
    return { ok: false, failure: failure("NOT_FOUND", "There is no such approval.") };
  }
  const intent = findIntent(sql, approval.intent.coid);
  const order = intent === null ? null : shownOrder(intent, parts.now());
  return {
    ok: true,
    approval: shownApproval(parts, approval),
    order,
    next_step: nextAfter(sql, approval, intent),
  };
}

const NEXT: Record<Exclude<Approval["state"], "approved">, string> = {
  pending: "Give the owner the link and wait for the decision.",
  reserved: "A submit holds it; read its order.",
  consumed: "It was used; it cannot be used again.",
  denied: "The owner said no. The same order cannot be asked for again for ten minutes.",
  expired: "It expired unanswered. Make a new preview and ask again.",
  revoked: "It was withdrawn. Make a new preview and ask again.",
};

/** A submit that never left has given its approval back: what its order says is over. */
function nextAfter(sql: SqlStorage, approval: Approval, intent: IntentRow | null): string {
  if (intent === null) return nextStep(sql, approval);
  return approval.state === "approved" && intent.delivered === 0
    ? "It was not sent: the PC did not take it up. The approval still holds; submit it again under a new key before it expires."
    : nextStepFor(intent.state);
}

/** What the agent is to do next about a request. */
export function nextStep(sql: SqlStorage, approval: Approval): string {
  const wish = sendWish(sql, approval.approvalId);
  if (wish !== null && approval.state === "pending") {
    return "Give the owner the link. The order is sent by the owner's Approve and send; do not submit it. Wait with ibkr_approval_status and wait_seconds.";
  }
  if (approval.state !== "approved") return NEXT[approval.state];
  const happened =
    wish !== null
      ? "The owner approved it and did not send it."
      : approval.mandateId !== null
        ? `Granted without a tap, under the owner's mandate ${approval.mandateId}; the owner is told of the order.`
        : "The owner approved it; it is not sent yet.";
  const call = submitCallText(approval, wish?.key ?? `submit-${approval.approvalId}`, wish?.said);
  return `${happened} Send it before ${iso(approval.expiresAt)}: call ${call}`;
}

export function shownApproval(parts: OrderParts, approval: Approval): ShownApproval {
  return {
    approval_id: approval.approvalId,
    preview_id: approval.previewId,
    state: approval.state,
    tier: approval.tier,
    mandate_id: approval.mandateId,
    submit_on_approval: sendWish(parts.storage.sql, approval.approvalId) !== null,
    approval_url: `${parts.origin}/approvals/${approval.approvalId}`,
    expires_at: iso(approval.expiresAt),
  };
}
