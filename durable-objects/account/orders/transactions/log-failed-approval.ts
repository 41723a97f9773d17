import type { OrderParts } from "../order-context.ts";
import type { Approval } from "../tables/approvals.ts";

/** A try to approve that failed, in the log; the request stays open. */
export function logFailedApproval(
  parts: Pick<OrderParts, "log">,
  approval: Approval,
  errorCode: string,
  requestId: string,
): void {
  parts.log({
    type: "approval.decided",
    kind: "owner",
    clientId: approval.clientId,
    sidecarId: approval.intent.sidecar_id,
    brokerAccount: approval.brokerAccount,
    decision: "refuse",
    errorCode,
    requestId,
    meta: { approval_id: approval.approvalId, intent_hash: approval.intentHash, said: "approve" },
  });
}
