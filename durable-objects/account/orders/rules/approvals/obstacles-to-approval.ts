import { adverseDriftBps, seenOn } from "@ibkr-edge-gateway/protocol/approval/price-drift.ts";
import {
  comparedPrice,
  type SeenQuote,
} from "@ibkr-edge-gateway/protocol/orders/compared-price.ts";
import { decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { Ticket } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { scopesOfActiveClient } from "../../facts/account-facts.ts";
import type { OrderParts } from "../../order-context.ts";
import type { Approval } from "../../tables/approvals.ts";
import { policyInForce } from "../../tables/policies.ts";
import { findPreview } from "../../tables/previews.ts";
import { judgePreview, lasting } from "../previews/judge-preview.ts";

/** What makes approving it pointless or wrong by now, in words; the submit judges it all again. */
export function obstaclesTo(parts: OrderParts, approval: Approval): string[] {
  const preview = findPreview(parts.storage.sql, approval.previewId);
  if (preview === null) return ["The preview is gone."];
  const scopes = scopesOfActiveClient(parts.storage.sql, approval.clientId);
  if (scopes === null) return ["The client that asked has no access any more."];
  // What one PC prepared, no other one takes: it would be refused there after the passkey.
  const { sidecarId } = parts.relay.presence();
  if (sidecarId !== null && sidecarId !== approval.intent.sidecar_id) {
    return [
      "Another PC is in use than the one that prepared this. Let the agent prepare it anew, or take the other PC back into use.",
    ];
  }
  const { verdict, policy } = judgePreview(
    parts,
    { kind: "agent", clientId: approval.clientId, scopes, requestId: "" },
    preview,
    0,
  );
  const failures = lasting(verdict)
    // How often the agent asked was judged when it asked.
    .filter(({ check }) => check !== "approval-rate")
    .map(({ message }) => message);
  // As at the submit: a policy that changed meanwhile keeps nobody in a position.
  const isExit = preview.facts.effect?.kind === "exit";
  if (policy !== null && policy.hash !== approval.intent.policy_hash && !isExit) {
    failures.push("The policy has changed since the agent asked.");
  }
  return failures;
}

/** The submit judges the drift over its own read; here it is said before a finger is moved. */
export function drifted(parts: OrderParts, approval: Approval, now: SeenQuote | null): string[] {
  const { ticket } = approval.intent;
  const limit = policyInForce(parts.storage.sql, approval.brokerAccount, parts.now())?.document
    .behaviour.max_drift_bps;
  const effect = findPreview(parts.storage.sql, approval.previewId)?.facts.effect?.kind;
  // As in the rule itself: an exit is sent wherever the price went.
  if (now === null || limit == null || ticket.order.action === "cancel" || effect === "exit") {
    return [];
  }
  return movedAgainst(ticket, now, limit);
}

/**
 * The move by the prices that the submit compares: of a closed market the last one of its latest
 * session, of an open one the middle.
 * @param limitBps in basis points of the price that was shown
 */
export function movedAgainst(
  ticket: Pick<Ticket, "order" | "market" | "waits">,
  now: SeenQuote,
  limitBps: string | number,
): string[] {
  const from = comparedPrice(seenOn(ticket));
  const to = comparedPrice(now);
  if (from === null || to === null) return [];
  return adverseDriftBps(ticket.order, seenOn(ticket), now)?.greaterThan(limitBps)
    ? [
        `The price has moved against this order since it was prepared, from ${decimalText(from)} to ${decimalText(to)}. Let the agent prepare it anew.`,
      ]
    : [];
}
