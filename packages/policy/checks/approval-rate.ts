import { atMost, type Check, OFF, unknown } from "../check.ts";
import { tierOf } from "../tier-of.ts";

/** A person who is asked too often says yes to everything. */
export const approvalRateCheck: Check = {
  number: 57,
  name: "approval-rate",
  code: "APPROVAL_RATE_LIMITED",
  stage: "approval",
  scope: "entries",
  means: "The agent has not asked the owner too often.",
  evaluate(context) {
    const { snapshot, policy } = context;
    // Asking is what is counted; an approval that is there already is not asked for again.
    // Inside a mandate nobody is asked.
    if (snapshot.phase === "submit" || tierOf(context) === 0) return OFF;
    const { client } = snapshot.edge;
    if (client === null) return unknown("How often the agent has asked");
    return atMost({
      what: "The number of approvals the agent asked for in the last hour, with this one,",
      observed: client.approvals_last_hour + 1,
      limit: policy.clients.max_approvals_per_hour,
      source: "gateway.approvals",
      as_of: snapshot.now,
    });
  },
};
