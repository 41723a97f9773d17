import {
  type ApprovalEvent,
  type ApprovalState,
  approvalAfter,
} from "@ibkr-edge-gateway/protocol/approval/approval-state.ts";
import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { type Intent, intentHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import type { OrderLog } from "../order-log.ts";
import type { OrderStorage } from "../order-storage.ts";
import {
  type Approval,
  findApproval,
  keepAssertion,
  keepIntent,
  replaceApprovalState,
  stateAt,
  storedApproval,
} from "../tables/approvals.ts";

/**
 * Moves an approval on, and only from the state it is read in: two who act at once cannot
 * both succeed. Null when it stands elsewhere by now.
 */
export function moveApproval(
  sql: SqlStorage,
  approvalId: string,
  event: ApprovalEvent,
  nowMs: number,
): ApprovalState | null {
  const stored = storedApproval(sql, approvalId);
  if (stored === null) return null;
  const { state: from, expiresAt } = stored;
  const to = approvalAfter(stateAt(from, expiresAt, nowMs), event);
  if (to === null) return null;
  return replaceApprovalState(sql, approvalId, { from, to }, nowMs) ? to : null;
}

/** What the owner's yes comes with. */
export interface Yes {
  assertion: Assertion;
  echo: number | null;
  /** What was signed, where it is another than what was asked for: with a nonce of the owner's page. */
  intent?: Intent;
}

/** The owner said yes; the assertion was verified by the caller and is kept for the sidecar. */
export function approve(
  sql: SqlStorage,
  approvalId: string,
  decision: Yes,
  nowMs: number,
): boolean {
  if (moveApproval(sql, approvalId, "approve", nowMs) === null) return false;
  const { intent } = decision;
  if (intent !== undefined) keepIntent(sql, approvalId, { intent, hash: intentHash(intent) });
  keepAssertion(sql, approvalId, decision);
  return true;
}

/** The owner's decision and its leaf, in one transaction. Null when the request stands elsewhere by now. */
export function decideApproval(
  storage: OrderStorage,
  decision: { approvalId: string; requestId: string } & (
    | ({
        say: "approve";
        /** The order goes out with this very decision. */
        sends?: boolean;
      } & Yes)
    | { say: "deny" | "revoke" }
  ),
  nowMs: number,
  log: OrderLog,
): Approval | null {
  return storage.transactionSync(() => {
    const { sql } = storage;
    const moved =
      decision.say === "approve"
        ? approve(sql, decision.approvalId, decision, nowMs)
        : moveApproval(sql, decision.approvalId, decision.say, nowMs) !== null;
    const approval = findApproval(sql, decision.approvalId, nowMs);
    if (!moved || approval === null) return null;
    log({
      type: "approval.decided",
      kind: "owner",
      clientId: approval.clientId,
      sidecarId: approval.intent.sidecar_id,
      brokerAccount: approval.brokerAccount,
      decision: decision.say === "approve" ? "allow" : "deny",
      errorCode: null,
      requestId: decision.requestId,
      meta: {
        approval_id: approval.approvalId,
        intent_hash: approval.intentHash,
        said: decision.say,
        tier: String(approval.tier),
        ...(decision.say === "approve" && decision.sends === true ? { sends: "yes" } : {}),
      },
    });
    return approval;
  });
}
