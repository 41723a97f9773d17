import type { ApproverEnrolledEvent } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-page.ts";
import type { OrderParts } from "../order-context.ts";
import { keepApprovers } from "./keep-pc-statements.ts";

/** The PC's word that a passkey became an approver there: in the log, and of no effect here. */
export function approverEnrolled(
  parts: OrderParts,
  { via, origin, statement_sha256, event_key, pc_key, statement }: ApproverEnrolledEvent,
): void {
  if (pc_key !== undefined && statement !== undefined) keepApprovers(parts, pc_key, [statement]);
  parts.log({
    type: "approver.enrolled",
    kind: "sidecar",
    clientId: null,
    sidecarId: parts.relay.presence().sidecarId,
    brokerAccount: null,
    decision: "allow",
    errorCode: null,
    requestId: event_key,
    meta: { via, origin, statement_sha256 },
  });
}
