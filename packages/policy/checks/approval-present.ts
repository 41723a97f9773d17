import { type Check, fail, OFF, pass } from "../check.ts";
import { tierOf } from "../tier-of.ts";

export const approvalPresentCheck: Check = {
  number: 56,
  name: "approval-present",
  code: "APPROVAL_MISSING",
  stage: "approval",
  scope: "orders",
  means: "The owner has approved this, or a mandate covers it.",
  evaluate(context) {
    const { snapshot } = context;
    if (snapshot.phase === "preview" || tierOf(context) === 0) return OFF;
    const { approval } = snapshot.edge;
    return approval === null || approval.state === "pending"
      ? fail("The owner has not approved this order.", {
          observed: approval?.state ?? null,
          source: "gateway.approvals",
        })
      : pass({ observed: approval.state, source: "gateway.approvals" });
  },
};
