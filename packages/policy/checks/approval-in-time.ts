import { type Check, fail, OFF, pass } from "../check.ts";

export const approvalInTimeCheck: Check = {
  number: 56,
  name: "approval-in-time",
  code: "APPROVAL_EXPIRED",
  stage: "approval",
  scope: "always",
  means: "The approval has neither expired nor been withdrawn.",
  evaluate({ snapshot, figures }) {
    const { approval } = snapshot.edge;
    if (snapshot.phase === "preview" || approval === null) return OFF;
    const measured = {
      observed: approval.state,
      limit: approval.expires_at,
      source: "gateway.approvals",
    };
    const over =
      approval.state === "expired" ||
      approval.state === "revoked" ||
      !(figures.nowMs < Date.parse(approval.expires_at));
    return over
      ? fail(
          approval.state === "revoked"
            ? "The approval was withdrawn since it was given."
            : `The approval was good until ${approval.expires_at}, and it is ${snapshot.now} now.`,
          measured,
        )
      : pass(measured);
  },
};
