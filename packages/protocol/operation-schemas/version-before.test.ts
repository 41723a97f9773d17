import { describe, expect, it } from "vitest";
import { aTicket } from "../../../test/support/orders.ts";
import { Ticket } from "../orders/ticket.ts";
import { marketSession } from "./market-session.ts";
import { marketSnapshot } from "./market-snapshot.ts";

/** What a PC of the version before answers, member by member, to the gateway of this one. */
const PROVENANCE = {
  source: "client_portal",
  as_of: "2026-11-27T15:00:00.000Z",
  age_ms: 12,
  served_from: "broker",
  notes: [],
};
const QUOTES = {
  quotes: [
    {
      conid: 265598,
      symbol: "AAPL",
      currency: "USD",
      availability: "live",
      availability_code: "RpB",
      quote_at: "2026-11-27T15:00:00.000Z",
      halted: false,
      values: { last: "187.25", bid: "187.24", ask: "187.26" },
      missing: [],
    },
  ],
  ...PROVENANCE,
};
const SESSION = {
  conid: 265598,
  time_zone: "America/New_York",
  is_open: true,
  is_extended: false,
  next_open: "2026-11-30T14:30:00.000Z",
  next_close: "2026-11-27T18:00:00.000Z",
  days: [],
  ...PROVENANCE,
};

describe("answers of a PC of the version before", () => {
  it("give quotes, and claim nothing about the market or the session of a price", () => {
    const [quote] = marketSnapshot.output.parse(QUOTES).quotes;
    expect(quote).toMatchObject({
      values: { bid: "187.24" },
      market: { state: "unknown", next_open: null },
      last_price: null,
      reference_price: null,
      note: expect.stringContaining("older than the gateway"),
    });
  });

  it("give the hours, and say that the state is not known", () => {
    const read = marketSession.output.parse(SESSION);
    expect(read).toMatchObject({ is_open: true, state: "unknown", last_session: null });
    expect(read.meaning).toContain("older than the gateway");
  });

  it("give a ticket without the members that were added since, unchanged", () => {
    const { waits: _waits, market, ...rest } = aTicket();
    if (market === null) throw new Error("the fixture has a market");
    const { reference: _reference, ...quote } = market;
    const told = { ...rest, market: quote };
    expect(Ticket.parse(told)).toEqual(told);
  });

  it("are read strictly in all else", () => {
    const [quote] = QUOTES.quotes;
    const strange = { ...QUOTES, quotes: [{ ...quote, added_later: 1 }] };
    expect(marketSnapshot.output.safeParse(strange).success).toBe(false);
    const { halted: _halted, ...missing } = quote ?? { halted: false };
    expect(marketSnapshot.output.safeParse({ ...QUOTES, quotes: [missing] }).success).toBe(false);
  });
});
