import { describe, expect, it } from "vitest";
import { MARKET_STATES, type MarketState, marketStateAt } from "./market-state.ts";
import { instantInWords, stateInWords } from "./market-words.ts";

const CLOSED: MarketState = {
  state: "closed",
  time_zone: "US/Eastern",
  session_date: null,
  session_began_at: null,
  closes_at: null,
  next_open: "2026-11-30T14:30:00.000Z",
  next_trading: "2026-11-30T09:00:00.000Z",
  last_session: null,
};

describe("times in words", () => {
  it("names the exchange's zone and the owner's", () => {
    const open = "2026-11-30T14:30:00.000Z";
    expect(instantInWords(open, "US/Eastern", "Europe/Berlin")).toBe(
      "Mon 30 Nov 2026 09:30 US/Eastern (15:30 Europe/Berlin)",
    );
    expect(instantInWords(open, "US/Eastern", "Pacific/Auckland")).toBe(
      "Mon 30 Nov 2026 09:30 US/Eastern (Tue 1 Dec 2026 03:30 Pacific/Auckland)",
    );
    expect(instantInWords(open, "US/Eastern", "Asia/Kolkata")).toContain("(20:00 Asia/Kolkata)");
  });

  it("gives UTC where the owner's zone is not known, and one time where there is one zone", () => {
    const open = "2026-11-30T14:30:00.000Z";
    expect(instantInWords(open, "US/Eastern", null)).toBe(
      "Mon 30 Nov 2026 09:30 US/Eastern (14:30 UTC)",
    );
    expect(instantInWords(open, null, null)).toBe("Mon 30 Nov 2026 14:30 UTC");
    expect(instantInWords(open, "UTC", "UTC")).toBe("Mon 30 Nov 2026 14:30 UTC");
    expect(instantInWords(open, "No/Such", "Neither/That")).toBe("Mon 30 Nov 2026 14:30 UTC");
  });

  it("follows both clock changes", () => {
    // New York changes on 1 November 2026, Berlin a week before; on 14 March 2027 New York alone.
    expect(instantInWords("2026-10-30T13:30:00.000Z", "US/Eastern", "Europe/Berlin")).toBe(
      "Fri 30 Oct 2026 09:30 US/Eastern (14:30 Europe/Berlin)",
    );
    expect(instantInWords("2027-03-15T13:30:00.000Z", "US/Eastern", "Europe/Berlin")).toBe(
      "Mon 15 Mar 2027 09:30 US/Eastern (14:30 Europe/Berlin)",
    );
  });
});

describe("a state in words", () => {
  it("says closed, and when it opens", () => {
    expect(stateInWords(CLOSED, "Europe/Berlin")).toBe(
      "The market is closed; opens at Mon 30 Nov 2026 09:30 US/Eastern (15:30 Europe/Berlin). " +
        "Extended hours begin Mon 30 Nov 2026 04:00 US/Eastern (10:00 Europe/Berlin).",
    );
  });

  it("has a sentence for every state", () => {
    const said = MARKET_STATES.map((state) => stateInWords({ ...CLOSED, state }, null));
    expect(new Set(said).size).toBe(MARKET_STATES.length);
    expect(stateInWords(marketStateAt(null, 0), null)).toContain("not known");
  });
});
