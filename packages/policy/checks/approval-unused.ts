import { type Check, fail, OFF, pass } from "../check.ts";

export const approvalUnusedCheck: Check = {
  number: 56,
  name: "approval-unused",
  code: "APPROVAL_CONSUMED",
  stage: "approval",
  scope: "always",
  means: "The approval was not used before.",
  evaluate({ snapshot }) {
    const { approval } = snapshot.edge;
    if (snapshot.phase === "preview" || approval === null) return OFF;
    const measured = { observed: approval.state, source: "gateway.approvals" };
    return approval.state === "reserved" || approval.state === "consumed"
      ? fail("The approval was used before.", measured)
      : pass(measured);
  },
};
