import { atMost, type Check, unknown } from "../check.ts";

/** New orders, changes and cancels together; what only reduces risk is counted and not held back. */
export const messageRateCheck: Check = {
  number: 37,
  name: "message-rate",
  code: "MESSAGE_RATE_EXCEEDED",
  stage: "cumulative",
  scope: "entries",
  means: "Order messages in the last minute are within the limit.",
  evaluate({ snapshot, policy }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("The order messages of the last minute");
    return atMost({
      what: "The number of order messages in the last minute",
      observed: usage.messages_last_minute + 1,
      limit: policy.cumulative.max_messages_per_minute,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
