import { Decimal } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atLeast, type Check, pass, unknown } from "../check.ts";

export const clientQuarantineCheck: Check = {
  number: 14,
  name: "client-quarantine",
  code: "SESSION_QUARANTINE",
  stage: "identity",
  scope: "orders",
  means: "The agent is no longer in its read-only time as a newcomer.",
  evaluate({ snapshot, policy, figures }) {
    const { client } = snapshot.edge;
    if (client === null) return unknown("When the agent was admitted");
    if (client.released) return pass({ source: "gateway" });
    const age = figures.nowMs - Date.parse(client.admitted_at);
    return atLeast({
      what: "The time since the agent was admitted, in minutes,",
      observed: Number.isFinite(age) ? new Decimal(age).dividedBy(60_000) : null,
      limit: policy.clients.quarantine_minutes,
      source: "gateway",
      as_of: client.admitted_at,
    });
  },
};
