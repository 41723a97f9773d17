import { atMost, type Check } from "../check.ts";

/** The broker's stream carries its clock in a heartbeat each ten seconds, and nothing else does. */
const BROKER_SAYS_ITS_TIME =
  "The broker says its time every ten seconds once your PC is connected to it: ask again in ten seconds.";

export const clockSkewCheck: Check = {
  number: 6,
  name: "clock-skew",
  code: "CLOCK_SKEW",
  stage: "state",
  scope: "entries",
  means: "The clocks of gateway, PC and broker agree.",
  evaluate({ snapshot, policy }) {
    const { sidecar_skew_ms } = snapshot.edge;
    const { broker_clock_skew_ms } = snapshot.facts;
    const between = (what: string, skew: number | null, limit: number | null, source: string) =>
      atMost({
        what,
        observed: skew === null ? null : Math.abs(skew),
        limit,
        source,
        as_of: snapshot.now,
      });
    const pc = between(
      "The PC's clock error in ms",
      sidecar_skew_ms,
      policy.state.max_sidecar_skew_ms,
      "relay",
    );
    const broker = between(
      "The broker's clock difference in ms",
      broker_clock_skew_ms,
      policy.state.max_broker_skew_ms,
      "sidecar.session",
    );
    if (pc.outcome === "fail" || pc.outcome === "unknown") return pc;
    if (broker.outcome === "off") return pc;
    if (broker.outcome !== "unknown") return broker;
    return { ...broker, untilKnown: BROKER_SAYS_ITS_TIME };
  },
};
