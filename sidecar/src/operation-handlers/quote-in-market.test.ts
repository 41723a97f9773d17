import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import { Quote } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { viewFrom } from "./market-view.ts";
import { DEFAULT_FIELDS, quoteFrom } from "./quote-fields.ts";
import { quoteInMarket } from "./quote-in-market.ts";

const seconds = (text: string): number => Date.parse(text) / 1000;

const SCHEDULE: TradingSchedule = {
  timeZone: "US/Eastern",
  days: ["2026-11-25", "2026-11-27", "2026-11-30"].map((day) => ({
    day,
    regular: [{ opening: seconds(`${day}T14:30Z`), closing: seconds(`${day}T21:00Z`) }],
    extended: [{ opening: seconds(`${day}T09:00Z`), closing: seconds(`${day}T21:00Z`) + 14_400 }],
  })),
};

interface Shown {
  at: string;
  fields: Record<string, string>;
  letters?: string | null;
  updatedAt?: string;
}

function shown({ at, fields, letters = "ZpB", updatedAt }: Shown) {
  const row = {
    conid: 1,
    updatedAt: updatedAt === undefined ? null : Date.parse(updatedAt),
    availabilityCode: letters,
    fields: new Map(Object.entries(fields)),
  };
  const view = viewFrom(Date.parse(at), SCHEDULE, row, undefined, null);
  return quoteInMarket(quoteFrom(1, row, DEFAULT_FIELDS, undefined), view, "Europe/Berlin");
}

const SATURDAY = "2026-11-28T15:00:00Z";

describe("a quote in its market", () => {
  it("frozen: the last price is of the last session, whatever time the broker gives the answer", () => {
    expect(shown({ at: SATURDAY, fields: { 31: "269.81" }, updatedAt: SATURDAY })).toMatchObject({
      quote_at: "2026-11-28T01:00:00.000Z",
      last_price: { price: "269.81", age: "frozen", at: "2026-11-28T01:00:00.000Z" },
      reference_price: { source: "frozen_last", session_date: "2026-11-27" },
    });
  });

  it("a previous close that nothing dates is shown without a time, and is no reference", () => {
    const quote = shown({ at: SATURDAY, fields: { 31: "C269.81" } });
    expect(quote).toMatchObject({
      values: { last: null },
      last_price: { price: "269.81", age: "prior_close", at: null },
      reference_price: null,
    });
    expect(quote.note).toBe(
      "The market is closed; opens at Mon 30 Nov 2026 09:30 US/Eastern (15:30 Europe/Berlin). " +
        "Extended hours begin Mon 30 Nov 2026 04:00 US/Eastern (10:00 Europe/Berlin). " +
        "There is no trade of this session; the last price is a previous close. " +
        "No reference price: Which session the price is of could not be proved.",
    );
  });

  it("delayed and unmarked data say so while the market is open, and live data need no note", () => {
    const open = { at: "2026-11-30T15:00:00Z", updatedAt: "2026-11-30T14:59:00Z" };
    const fields = { 31: "269.81", 84: "269.8", 86: "269.82" };
    expect(shown({ ...open, fields, letters: "RpB" })).toMatchObject({
      note: null,
      last_price: { age: "live" },
    });
    expect(shown({ ...open, fields, letters: "DpB" }).note).toContain("delayed by 15");
    expect(shown({ ...open, fields, letters: "S" })).toMatchObject({
      last_price: { age: "unknown" },
      reference_price: { source: "unmarked_last" },
    });
  });

  it("for any row at any instant: fits its schema, no placeholder is a price, nothing old is live", () => {
    const figure = fc.oneof(
      fc.constantFrom(
        "0",
        "-1",
        "0.00",
        "-1.00",
        "C0",
        "H-1",
        "C269.81",
        "H269.81",
        "",
        "-",
        "1e-7",
      ),
      fc.double({ min: 0.01, max: 1e6, noNaN: true }).map(String),
    );
    const from = Date.parse("2026-11-20T00:00Z");
    const to = Date.parse("2026-12-05T00:00Z");
    const instant = fc.integer({ min: from, max: to }).map((ms) => new Date(ms).toISOString());
    const fields = fc.dictionary(
      fc.constantFrom("31", "84", "85", "86", "88", "82", "7741"),
      figure,
    );
    const letters = fc.constantFrom("RpB", "DpB", "ZpB", "Y", "N", "S", "", null);
    fc.assert(
      fc.property(
        instant,
        fields,
        letters,
        fc.option(instant, { nil: undefined }),
        (at, row, code, quoted) => {
          const quote = shown({
            at,
            fields: row,
            letters: code,
            ...(quoted === undefined ? {} : { updatedAt: quoted }),
          });
          expect(Quote.safeParse(quote).error).toBeUndefined();
          for (const side of ["bid", "ask", "last", "prior_close"] as const) {
            expect(["0", "-1"]).not.toContain(quote.values[side]);
            expect(quote.missing.includes(side)).toBe(quote.values[side] === null);
          }
          if (quote.market.state !== "open") expect(quote.note).not.toBeNull();
          if (quote.market.state === "unknown") expect(quote.reference_price).toBeNull();
          if (quote.market.state === "closed") {
            expect(["live", "delayed"]).not.toContain(quote.last_price?.age);
            expect(["live_last", "delayed_last", "unmarked_last"]).not.toContain(
              quote.reference_price?.source,
            );
          }
          if (quote.reference_price === null) return;
          expect([quote.market.session_date, quote.market.last_session_date]).toContain(
            quote.reference_price.session_date,
          );
          expect(["0", "-1"]).not.toContain(quote.reference_price.price);
          expect(Date.parse(quote.reference_price.at)).toBeLessThanOrEqual(Date.parse(at));
        },
      ),
      { seed: 20261130, numRuns: 1_000 },
    );
  });
});
