import { atMost, type Check, unknown } from "../check.ts";

/** An entry may become a day trade; the next one must still be allowed when it does. */
export const roundTripsCheck: Check = {
  number: 38,
  name: "round-trips",
  code: "ROUND_TRIPS_EXCEEDED",
  stage: "cumulative",
  scope: "entries",
  means: "Another day trade would still be within the limit.",
  evaluate({ snapshot, policy }) {
    const { usage } = snapshot.edge;
    if (usage === null) return unknown("The day trades");
    return atMost({
      what: "The number of day trades, with this one,",
      observed: usage.round_trips + 1,
      limit: policy.cumulative.max_round_trips,
      source: "gateway.counters",
      as_of: usage.as_of,
    });
  },
};
