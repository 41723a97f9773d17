import { Sorry } from "../../scripts/lib/say.ts";

/** The moments at which whatever touches time must work, and the zones of the machine it runs on. */
export interface Instant {
  /** As in the table and on the command line. */
  readonly name: string;
  /** UTC. A few seconds early where the run is to pass over a change. */
  readonly at: string;
  /** Whether US stocks trade in their regular session then. */
  readonly market: "open" | "closed";
}

export const INSTANTS: readonly Instant[] = [
  { name: "saturday", at: "2026-12-05T15:00:00Z", market: "closed" },
  // The futures open at 18:00 in Chicago's east, 23:00 UTC in winter.
  { name: "sunday-before-futures", at: "2026-12-06T22:00:00Z", market: "closed" },
  { name: "monday-0800z", at: "2026-11-30T08:00:00Z", market: "closed" },
  { name: "christmas", at: "2026-12-25T15:00:00Z", market: "closed" },
  { name: "half-day", at: "2026-12-24T18:30:00Z", market: "closed" },
  { name: "us-spring", at: "2027-03-14T06:59:56Z", market: "closed" },
  { name: "us-autumn", at: "2027-11-07T05:59:56Z", market: "closed" },
  { name: "eu-spring", at: "2027-03-28T00:59:56Z", market: "closed" },
  { name: "eu-autumn", at: "2027-10-31T00:59:56Z", market: "closed" },
  { name: "year-end-utc", at: "2026-12-31T23:59:56Z", market: "closed" },
  { name: "year-end-new-york", at: "2027-01-01T04:59:56Z", market: "closed" },
  { name: "leap-day", at: "2028-02-29T15:00:00Z", market: "open" },
  // Seconds since 1970 no longer fit 31 bits.
  { name: "2038-rollover", at: "2038-01-19T03:14:04Z", market: "closed" },
  { name: "2038-after", at: "2038-01-20T15:30:00Z", market: "open" },
  { name: "new-york-lunch", at: "2026-12-02T17:00:00Z", market: "open" },
  { name: "nightly-reset", at: "2026-12-03T05:10:00Z", market: "closed" },
  // No date that stands in a test lies ahead of it any more.
  { name: "years-ahead", at: "2031-06-15T21:30:00Z", market: "closed" },
];

export const ZONES = ["Pacific/Auckland", "Asia/Kolkata", "America/Los_Angeles"] as const;

export function instantNamed(name: string): Instant {
  const found = INSTANTS.find((instant) => instant.name === name);
  if (found === undefined) {
    const known = INSTANTS.map((instant) => instant.name).join(", ");
    throw new Sorry(`no instant is called ${name}; there are: ${known}`);
  }
  return found;
}
