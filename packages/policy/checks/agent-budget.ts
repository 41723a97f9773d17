import { atMost, type Check, unknown } from "../check.ts";
import { sumOf } from "../percent.ts";

export const agentBudgetCheck: Check = {
  number: 13,
  name: "agent-budget",
  code: "AGENT_BUDGET_EXCEEDED",
  stage: "identity",
  scope: "entries",
  means: "The agent stays within its orders and its money for the day.",
  evaluate({ snapshot, policy, figures }) {
    const { client } = snapshot.edge;
    if (client === null) return unknown("The agent's use today");
    const shared = { source: "gateway.counters", as_of: snapshot.now };
    const count = atMost({
      what: "The agent's orders today",
      observed: client.orders_today + 1,
      limit: policy.clients.max_orders_per_day,
      ...shared,
    });
    const money = atMost({
      what: "The agent's order value today",
      observed: sumOf(figures.notional, client.notional_today),
      limit: policy.clients.max_notional_per_day,
      ...shared,
    });
    return count.outcome === "fail" || money.outcome === "off" ? count : money;
  },
};
