import { type Check, fail, OFF, pass } from "../check.ts";
import { tierOf } from "../tier-of.ts";

export const approvalTierCheck: Check = {
  number: 56,
  name: "approval-tier",
  code: "APPROVAL_TIER_TOO_LOW",
  stage: "approval",
  scope: "orders",
  means: "The approval is as strong as the numbers ask for.",
  evaluate(context) {
    const { snapshot } = context;
    const { approval } = snapshot.edge;
    const needed = tierOf(context);
    if (snapshot.phase === "preview" || needed === 0 || approval === null) return OFF;
    const measured = {
      observed: String(approval.tier),
      limit: String(needed),
      source: "gateway.approvals",
    };
    return approval.tier >= needed
      ? pass(measured)
      : fail(
          `By the numbers of now this order needs an approval of tier ${needed}; the owner was asked for one of tier ${approval.tier}. Make a new preview and ask again.`,
          measured,
        );
  },
};
