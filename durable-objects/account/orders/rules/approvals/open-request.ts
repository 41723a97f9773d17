import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import { type Approval, approvalsForPreview, findApproval } from "../../tables/approvals.ts";

/** The request that a preview led to and that may still let it out; null when none does. */
export function openRequest(sql: SqlStorage, previewId: string, nowMs: number): Approval | null {
  for (const approvalId of approvalsForPreview(sql, previewId, nowMs)) {
    const approval = findApproval(sql, approvalId, nowMs);
    if (approval?.state === "pending" || approval?.state === "approved") return approval;
  }
  return null;
}

/**
 * Why a preview leads to no other order: one of its approvals let one out, or is letting one out. One
 * preview is one order at most, also where the owner would say yes twice; null when it is free.
 */
export function orderedBefore(
  sql: SqlStorage,
  previewId: string,
  nowMs: number,
  except: string | null = null,
): OrderRefusal | null {
  const used = approvalsForPreview(sql, previewId, nowMs).some((approvalId) => {
    if (approvalId === except) return false;
    const state = findApproval(sql, approvalId, nowMs)?.state;
    return state === "reserved" || state === "consumed";
  });
  return used
    ? refusal(
        "APPROVAL_CONSUMED",
        "preview_id",
        "one_order",
        "This preview led to an order already. One preview is one order: make a new preview for a second one.",
      )
    : null;
}
