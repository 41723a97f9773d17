import { atMost, type Check, type CheckFinding, OFF, unknown } from "../check.ts";

export const orderRateCheck: Check = {
  number: 37,
  name: "order-rate",
  code: "FREQUENCY_LIMIT_REFUSED",
  stage: "cumulative",
  scope: "entries",
  means: "Orders in the last second, minute and hour are within their limits.",
  evaluate({ snapshot, policy }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("The orders of the last hour");
    const { max_orders_per_second, max_orders_per_minute, max_orders_per_hour } = policy.cumulative;
    const count = (window: string, observed: number, limit: number | null): CheckFinding =>
      atMost({
        what: `The number of orders in the last ${window}`,
        observed: observed + 1,
        limit,
        source: "gateway.counters",
        as_of: usage.as_of,
      });
    const findings = [
      // Nobody reads and taps within a second: of the preview's own second nothing is left by then.
      ...(snapshot.phase === "preview"
        ? []
        : [count("second", usage.orders_last_second, max_orders_per_second)]),
      count("minute", usage.orders_last_minute, max_orders_per_minute),
      count("hour", usage.orders_last_hour, max_orders_per_hour),
    ];
    return (
      findings.find(({ outcome }) => outcome === "fail") ??
      findings.find(({ outcome }) => outcome === "pass") ??
      OFF
    );
  },
};
