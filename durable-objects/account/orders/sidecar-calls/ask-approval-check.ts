import type { Assertion } from "@ibkr-edge-gateway/protocol/approval/webauthn-assertion.ts";
import { approvalCheck } from "@ibkr-edge-gateway/protocol/operation-schemas/approval-check.ts";
import type { OrderRefusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { OrderParts } from "../order-context.ts";
import { proofOf } from "../rules/submits/order-job.ts";
import type { Approval } from "../tables/approvals.ts";
import { servedAs } from "./approval-service-class.ts";
import { askSidecar } from "./ask-sidecar.ts";

export type AtPc =
  | { kind: "holds" }
  | { kind: "refused"; refusals: OrderRefusal[]; triesLeft: number | null }
  /** The PC did not answer; it will judge for itself when the order comes. */
  | { kind: "not_asked" };

/**
 * Whether the PC would take this approval, said while the owner is still at the page: a passkey the
 * PC does not know and a wrong number are put right there, and not by a refused order.
 */
export async function heldAtPc(
  parts: OrderParts,
  approval: Approval,
  said: { assertion: Assertion; echo: number | null },
): Promise<AtPc> {
  const proof = proofOf({ ...approval, ...said }, null, approval.intent);
  if (proof === null) return { kind: "not_asked" };
  const answer = await askSidecar(
    parts,
    approvalCheck,
    { account_id: approval.brokerAccount, approval: proof },
    {
      scope: "ibkr:approvals:create",
      account: approval.brokerAccount,
      ...servedAs(parts, approval),
    },
  );
  if (!answer.ok) return { kind: "not_asked" };
  const { holds, refusals, tries_left } = answer.value;
  return holds ? { kind: "holds" } : { kind: "refused", refusals, triesLeft: tries_left };
}
