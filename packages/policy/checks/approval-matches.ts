import { type Check, fail, OFF, pass } from "../check.ts";

export const approvalMatchesCheck: Check = {
  number: 56,
  name: "approval-matches",
  code: "APPROVAL_PREVIEW_MISMATCH",
  stage: "approval",
  scope: "always",
  means: "The approval is for exactly this order.",
  evaluate({ snapshot }) {
    const { approval } = snapshot.edge;
    if (snapshot.phase === "preview" || approval === null) return OFF;
    return approval.matches
      ? pass({ source: "gateway.approvals" })
      : fail("The approval is for another order.", { source: "gateway.approvals" });
  },
};
