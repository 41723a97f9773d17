import { type Approval, approvalsForPreview, findApproval } from "../../tables/approvals.ts";

/** The request that a preview led to and that may still let it out; null when none does. */
export function openRequest(sql: SqlStorage, previewId: string, nowMs: number): Approval | null {
  for (const approvalId of approvalsForPreview(sql, previewId, nowMs)) {
    const approval = findApproval(sql, approvalId, nowMs);
    if (approval?.state === "pending" || approval?.state === "approved") return approval;
  }
  return null;
}
