import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { marketStateAt } from "./market-state.ts";
import { type PriceFacts, ReferencePrice, referencePrice } from "./reference-price.ts";
import type { Hours, TradingSchedule } from "./trading-schedule.ts";

const hours = (from: string, to: string): Hours => ({
  opening: Date.parse(from) / 1000,
  closing: Date.parse(to) / 1000,
});

/** New York around Thanksgiving 2026: Wednesday, the half day on Friday, Monday. */
const SCHEDULE: TradingSchedule = {
  timeZone: "US/Eastern",
  days: [
    ["2026-11-25", "21:00", "2026-11-26T01:00Z"],
    ["2026-11-27", "18:00", "2026-11-27T22:00Z"],
    ["2026-11-30", "21:00", "2026-12-01T01:00Z"],
  ].map(([day = "", closes, ends = ""]) => ({
    day,
    regular: [hours(`${day}T14:30Z`, `${day}T${closes}Z`)],
    extended: [hours(`${day}T09:00Z`, ends)],
  })),
};
const SATURDAY = "2026-11-28T15:00Z";
const PRE_MARKET = "2026-11-30T10:00Z";
const OPEN = "2026-11-30T15:00Z";
const AFTER_HOURS = "2026-11-30T22:00Z";

const FACTS: PriceFacts = {
  last: { price: "269.81", mark: "none" },
  priorClose: "267.5",
  availability: "frozen",
  quotedAtMs: null,
  dailyCloses: null,
};
const BARS = [
  { day: "2026-11-25", close: "267.5" },
  { day: "2026-11-27", close: "269.8" },
];

function at(text: string, facts: Partial<PriceFacts>, halted = false) {
  const state = marketStateAt(SCHEDULE, Date.parse(text), { halted });
  return referencePrice(state, { ...FACTS, ...facts });
}
const ms = (text: string): number => Date.parse(text);

describe("the reference price", () => {
  it("is the live last price while the market is open, with the broker's time", () => {
    const quoted = { availability: "live", quotedAtMs: ms("2026-11-30T14:59:58Z") } as const;
    const expected = { session_date: "2026-11-30", at: "2026-11-30T14:59:58.000Z" };
    expect(at(OPEN, quoted).price).toMatchObject({ ...expected, source: "live_last" });
    expect(at(OPEN, { ...quoted, availability: "delayed" }).price).toMatchObject({
      ...expected,
      source: "delayed_last",
    });
    expect(at(OPEN, { ...quoted, availability: "unknown" }).price).toMatchObject({
      ...expected,
      source: "unmarked_last",
    });
  });

  it("is the frozen last price at the weekend, of the half day before it", () => {
    expect(at(SATURDAY, {}).price).toEqual({
      price: "269.81",
      source: "frozen_last",
      session_date: "2026-11-27",
      at: "2026-11-27T22:00:00.000Z",
    });
    expect(at(SATURDAY, { quotedAtMs: ms(SATURDAY) }).price?.at).toBe("2026-11-27T22:00:00.000Z");
    expect(at(SATURDAY, { quotedAtMs: ms("2026-11-27T17:59Z") }).price?.at).toBe(
      "2026-11-27T17:59:00.000Z",
    );
  });

  it("is never called live while nothing trades, whatever the broker's letter says", () => {
    expect(at(SATURDAY, { availability: "live", quotedAtMs: ms(SATURDAY) }).price?.source).toBe(
      "frozen_last",
    );
  });

  it("a live price from before today's trading is the last session's", () => {
    const facts = { availability: "live", quotedAtMs: ms("2026-11-27T17:00Z") } as const;
    expect(at(PRE_MARKET, facts).price).toMatchObject({
      source: "frozen_last",
      session_date: "2026-11-27",
    });
  });

  it("a price of an older session is none", () => {
    const old = { quotedAtMs: ms("2026-11-25T20:00Z"), priorClose: null } as const;
    expect(at(SATURDAY, old)).toEqual({ price: null, why: "older_session" });
    expect(at(OPEN, { ...old, availability: "live" })).toEqual({
      price: null,
      why: "older_session",
    });
    // No trade on the last day: the frozen price is from before it.
    const bars = [{ day: "2026-11-25", close: "269.81" }];
    expect(at(SATURDAY, { dailyCloses: bars, priorClose: null }).price).toBeNull();
  });

  it("a live price without a time is none", () => {
    expect(at(OPEN, { availability: "live", priorClose: null })).toEqual({
      price: null,
      why: "no_time",
    });
  });

  it("takes the prior close before and in the regular session", () => {
    const prior = { last: { price: "269.8", mark: "prior_close" } } as const;
    for (const text of [PRE_MARKET, OPEN]) {
      expect(at(text, { ...prior, availability: "live" }).price).toEqual({
        price: "269.8",
        source: "prior_close",
        session_date: "2026-11-27",
        at: "2026-11-27T18:00:00.000Z",
      });
    }
    expect(at(PRE_MARKET, { last: null, priorClose: "269.8" }).price?.price).toBe("269.8");
  });

  it("at the weekend the prior close may be the day before's, so only an equal bar dates it", () => {
    const prior = { last: { price: "269.8", mark: "prior_close" } } as const;
    expect(at(SATURDAY, { ...prior, priorClose: null })).toEqual({
      price: null,
      why: "session_not_proved",
    });
    expect(at(SATURDAY, { ...prior, dailyCloses: BARS }).price).toMatchObject({
      source: "prior_close",
      session_date: "2026-11-27",
    });
    const stale = { last: null, priorClose: "267.5", dailyCloses: BARS };
    expect(at(SATURDAY, stale).price).toMatchObject({ price: "269.8", source: "session_close" });
  });

  it("after hours the prior close is two sessions old", () => {
    const prior = { last: { price: "269.8", mark: "prior_close" }, priorClose: "269.8" } as const;
    expect(at(AFTER_HOURS, prior).price).toBeNull();
  });

  it("a halt's price counts if the contract traded in that session", () => {
    const halted = {
      last: { price: "12.5", mark: "halted" },
      quotedAtMs: ms("2026-11-30T14:58Z"),
      priorClose: null,
    } as const;
    expect(at(OPEN, halted, true).price).toMatchObject({
      price: "12.5",
      source: "halted_last",
      session_date: "2026-11-30",
    });
    const since = { ...halted, dailyCloses: [{ day: "2026-11-20", close: "12.5" }] };
    expect(at(OPEN, since, true).price).toBeNull();
  });

  it("nothing is known without a schedule, or where it does not reach back", () => {
    expect(referencePrice(marketStateAt(null, ms(OPEN)), FACTS).why).toBe("no_schedule");
    const ahead = { ...SCHEDULE, days: SCHEDULE.days.slice(2) };
    expect(referencePrice(marketStateAt(ahead, ms(SATURDAY)), FACTS)).toEqual({
      price: null,
      why: "session_not_proved",
    });
  });

  it("no state and no quote give a stale price marked live, or one of an older session", () => {
    const from = ms("2026-11-20T00:00Z");
    const to = ms("2026-12-05T00:00Z");
    const price = fc.constantFrom("269.81", "269.8", "267.5");
    const facts = fc.record({
      last: fc.option(
        fc.record({
          price,
          mark: fc.constantFrom("none" as const, "prior_close" as const, "halted" as const),
        }),
      ),
      priorClose: fc.option(price),
      availability: fc.constantFrom(
        "live" as const,
        "delayed" as const,
        "frozen" as const,
        "none" as const,
        "unknown" as const,
      ),
      quotedAtMs: fc.option(fc.integer({ min: from, max: to })),
      dailyCloses: fc.constantFrom(null, [], BARS),
    });
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), facts, fc.boolean(), (now, quote, halted) => {
        const state = marketStateAt(SCHEDULE, now, { halted });
        const { price: reference, why } = referencePrice(state, quote);
        if (reference === null) {
          expect(why).not.toBeNull();
          return;
        }
        expect(ReferencePrice.safeParse(reference).success).toBe(true);
        const of = [state.session_date, state.last_session?.date];
        expect(of).toContain(reference.session_date);
        if (["live_last", "delayed_last", "unmarked_last"].includes(reference.source)) {
          expect(state.closes_at).not.toBeNull();
          expect(reference.session_date).toBe(state.session_date);
          expect(Date.parse(reference.at)).toBe(quote.quotedAtMs);
          expect(Date.parse(reference.at)).toBeGreaterThanOrEqual(
            Date.parse(state.session_began_at ?? ""),
          );
        }
        if (reference.source === "live_last") expect(quote.availability).toBe("live");
      }),
      { seed: 20261130, numRuns: 1_000 },
    );
  });
});
