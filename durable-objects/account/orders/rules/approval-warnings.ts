import { adverseDriftBps } from "@ibkr-edge-gateway/protocol/approval/drift.ts";
import type { Quote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { listClients } from "../../clients/clients.ts";
import { judge, lasting } from "../agent/preview.ts";
import type { OrderParts } from "../order-context.ts";
import type { Approval } from "../tables/approvals.ts";
import { policyInForce } from "../tables/policies.ts";
import { findPreview } from "../tables/previews.ts";

/** What makes approving it pointless or wrong by now, in words; the submit judges it all again. */
export function standing(parts: OrderParts, approval: Approval): string[] {
  const preview = findPreview(parts.storage.sql, approval.previewId);
  if (preview === null) return ["The preview is gone."];
  const client = listClients(parts.storage.sql).find(
    ({ clientId }) => clientId === approval.clientId,
  );
  if (client?.state !== "active") return ["The client that asked has no access any more."];
  const { verdict, policy } = judge(
    parts,
    { clientId: approval.clientId, scopes: client.scopes, requestId: "" },
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
export function drifted(parts: OrderParts, approval: Approval, now: Quote | null): string[] {
  const { ticket } = approval.intent;
  const limit = policyInForce(parts.storage.sql, approval.brokerAccount, parts.now())?.document
    .behaviour.max_drift_bps;
  if (now === null || limit == null || ticket.order.action === "cancel") return [];
  const drift = adverseDriftBps(ticket.order, ticket.market, now);
  return drift?.greaterThan(limit)
    ? [
        "The price has moved against this order since it was prepared. Let the agent prepare it anew.",
      ]
    : [];
}
