import { describe, expect, it } from "vitest";
import { hoursOf } from "./venue-hours.ts";

const { isOpen, lastTradedAt, previousClose, sessionsAround } = hoursOf("exchange");

const WEDNESDAY = Date.UTC(2026, 3, 1, 14, 30);
const GOOD_FRIDAY = Date.UTC(2026, 3, 3, 15);
const SATURDAY = Date.UTC(2026, 3, 4, 15);

describe("around the clock", () => {
  const always = hoursOf("always");
  const VENUES = [
    "us-stocks",
    "us-options",
    "us-futures",
    "fx",
    "crypto",
    "xetra",
    "mexico",
    "tokyo",
  ] as const;

  it("every venue trades at every instant, and nothing waits for an opening", () => {
    // Every hour of a year, both changes of the clocks on both continents among them.
    for (let at = Date.UTC(2026, 0, 1); at < Date.UTC(2027, 0, 2); at += 3_599_000) {
      for (const venue of VENUES) {
        if (!always.isOpen(venue, "liquid", at) || !always.isOpen(venue, "extended", at)) {
          expect.fail(`${venue} is shut at ${new Date(at).toISOString()}`);
        }
      }
    }
    expect(always.lastTradedAt("us-stocks", SATURDAY)).toBe(SATURDAY);
    expect(always.previousClose("us-stocks", SATURDAY)).toBe(Date.UTC(2026, 3, 4, 4));
  });

  it("leaves the exchanges' own calendar as it is", () => {
    expect(always.isOpen("us-stocks", "liquid", SATURDAY)).toBe(true);
    expect(isOpen("us-stocks", "liquid", SATURDAY)).toBe(false);
  });
});

describe("trading hours", () => {
  it("agrees with the recorded schedule of 2 and 6 April 2026, with Good Friday between them", () => {
    const days = sessionsAround("us-stocks", "liquid", Date.UTC(2026, 3, 2, 12), 0, 4);
    expect(days.map(({ date }) => date)).toEqual(["20260402", "20260406"]);
    expect(days[0]?.session).toEqual({ opens: 1775136600000, closes: 1775160000000 });
    const extended = sessionsAround("us-stocks", "extended", Date.UTC(2026, 3, 2, 12), 0, 0);
    expect(extended[0]?.session).toEqual({ opens: 1775116800000, closes: 1775174400000 });
  });

  it("knows when New York is shut", () => {
    expect(isOpen("us-stocks", "liquid", WEDNESDAY)).toBe(true);
    expect(isOpen("us-stocks", "extended", GOOD_FRIDAY)).toBe(false);
    expect(isOpen("us-stocks", "extended", SATURDAY)).toBe(false);
    expect(isOpen("crypto", "liquid", SATURDAY)).toBe(true);
  });

  it("freezes the last price at the close before", () => {
    const thursdayEvening = Date.UTC(2026, 3, 3, 0);
    expect(lastTradedAt("us-stocks", SATURDAY)).toBe(thursdayEvening);
    expect(lastTradedAt("us-stocks", WEDNESDAY)).toBe(WEDNESDAY);
    expect(previousClose("us-stocks", WEDNESDAY)).toBe(Date.UTC(2026, 2, 31, 20));
  });

  it("opens futures on the evening before", () => {
    const sundayEvening = Date.UTC(2026, 3, 12, 23);
    expect(isOpen("us-futures", "extended", sundayEvening)).toBe(true);
    expect(isOpen("us-futures", "extended", Date.UTC(2026, 3, 12, 21))).toBe(false);
  });
});
