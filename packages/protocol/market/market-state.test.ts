import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { activationAt } from "./activation.ts";
import { MarketState, marketStateAt } from "./market-state.ts";
import type { Hours, TradingDay, TradingSchedule } from "./trading-schedule.ts";

const seconds = (text: string): number => Date.parse(text) / 1000;
const hours = (from: string, to: string): Hours => ({
  opening: seconds(from),
  closing: seconds(to),
});
const day = (name: string, regular: Hours[], extended: Hours[] = []): TradingDay => ({
  day: name,
  regular,
  extended,
});

/** New York in the week of Thanksgiving 2026: closed on Thursday, a half day on Friday. */
const THANKSGIVING: TradingSchedule = {
  timeZone: "US/Eastern",
  days: [
    day(
      "2026-11-25",
      [hours("2026-11-25T14:30Z", "2026-11-25T21:00Z")],
      [hours("2026-11-25T09:00Z", "2026-11-26T01:00Z")],
    ),
    day(
      "2026-11-27",
      [hours("2026-11-27T14:30Z", "2026-11-27T18:00Z")],
      [hours("2026-11-27T09:00Z", "2026-11-27T22:00Z")],
    ),
    day(
      "2026-11-30",
      [hours("2026-11-30T14:30Z", "2026-11-30T21:00Z")],
      [hours("2026-11-30T09:00Z", "2026-12-01T01:00Z")],
    ),
  ],
};

/** Chicago futures: the day begins on the evening before. */
const FUTURES: TradingSchedule = {
  timeZone: "US/Central",
  days: [
    day(
      "2026-11-27",
      [hours("2026-11-27T14:30Z", "2026-11-27T18:15Z")],
      [hours("2026-11-26T23:00Z", "2026-11-27T18:15Z")],
    ),
    day(
      "2026-11-30",
      [hours("2026-11-30T14:30Z", "2026-11-30T22:00Z")],
      [hours("2026-11-29T23:00Z", "2026-11-30T22:00Z")],
    ),
  ],
};

const TOKYO: TradingSchedule = {
  timeZone: "Japan",
  days: [
    day("2026-11-27", [
      hours("2026-11-27T00:00Z", "2026-11-27T02:30Z"),
      hours("2026-11-27T03:30Z", "2026-11-27T06:30Z"),
    ]),
    day("2026-11-30", [
      hours("2026-11-30T00:00Z", "2026-11-30T02:30Z"),
      hours("2026-11-30T03:30Z", "2026-11-30T06:30Z"),
    ]),
  ],
};

/** New York over the end of daylight saving, on 1 November 2026. */
const CLOCK_CHANGE: TradingSchedule = {
  timeZone: "US/Eastern",
  days: [
    day(
      "2026-10-30",
      [hours("2026-10-30T13:30Z", "2026-10-30T20:00Z")],
      [hours("2026-10-30T08:00Z", "2026-10-31T00:00Z")],
    ),
    day(
      "2026-11-02",
      [hours("2026-11-02T14:30Z", "2026-11-02T21:00Z")],
      [hours("2026-11-02T09:00Z", "2026-11-03T01:00Z")],
    ),
  ],
};

const at = (schedule: TradingSchedule, text: string) => marketStateAt(schedule, Date.parse(text));

describe("the state of a market at a named instant", () => {
  it.each([
    ["regular hours", THANKSGIVING, "2026-11-30T15:00Z", "open", "2026-11-30", "2026-11-30T21:00"],
    [
      "pre-market",
      THANKSGIVING,
      "2026-11-30T10:00Z",
      "pre_market",
      "2026-11-30",
      "2026-11-30T14:30",
    ],
    [
      "after hours",
      THANKSGIVING,
      "2026-11-30T23:00Z",
      "after_hours",
      "2026-11-30",
      "2026-12-01T01:00",
    ],
    [
      "a half day's afternoon",
      THANKSGIVING,
      "2026-11-27T18:00Z",
      "after_hours",
      "2026-11-27",
      "2026-11-27T22:00",
    ],
    [
      "a half day's last second",
      THANKSGIVING,
      "2026-11-27T17:59:59Z",
      "open",
      "2026-11-27",
      "2026-11-27T18:00",
    ],
    [
      "Sunday night, futures",
      FUTURES,
      "2026-11-29T23:30Z",
      "overnight",
      "2026-11-30",
      "2026-11-30T14:30",
    ],
    [
      "Monday before the open, futures",
      FUTURES,
      "2026-11-30T09:00Z",
      "overnight",
      "2026-11-30",
      "2026-11-30T14:30",
    ],
    ["Tokyo's morning", TOKYO, "2026-11-30T01:00Z", "open", "2026-11-30", "2026-11-30T02:30"],
  ])("%s", (_name, schedule, text, state, sessionDate, closes) => {
    expect(at(schedule, text)).toMatchObject({
      state,
      session_date: sessionDate,
      closes_at: `${closes}:00.000Z`,
    });
  });

  it.each([
    ["Saturday", THANKSGIVING, "2026-11-28T15:00Z", "2026-11-30T14:30", "2026-11-27"],
    ["the holiday", THANKSGIVING, "2026-11-26T15:00Z", "2026-11-27T14:30", "2026-11-25"],
    [
      "Sunday before the futures open",
      FUTURES,
      "2026-11-29T22:59Z",
      "2026-11-30T14:30",
      "2026-11-27",
    ],
    [
      "Monday 03:00 in New York",
      THANKSGIVING,
      "2026-11-30T08:00Z",
      "2026-11-30T14:30",
      "2026-11-27",
    ],
    [
      "the Sunday of the clock change",
      CLOCK_CHANGE,
      "2026-11-01T06:30Z",
      "2026-11-02T14:30",
      "2026-10-30",
    ],
  ])("closed: %s", (_name, schedule, text, opens, last) => {
    expect(at(schedule, text)).toMatchObject({
      state: "closed",
      session_date: null,
      closes_at: null,
      next_open: `${opens}:00.000Z`,
      last_session: { date: last },
    });
  });

  describe("hours that adjoin from day to day", () => {
    const wholeDay = (name: string, next: string) =>
      day(name, [hours(`${name}T00:00Z`, `${next}T00:00Z`)]);
    const ALWAYS: TradingSchedule = {
      timeZone: "UTC",
      days: [
        wholeDay("2026-11-28", "2026-11-29"),
        wholeDay("2026-11-29", "2026-11-30"),
        wholeDay("2026-11-30", "2026-12-01"),
      ],
    };

    it.each([
      "2026-11-28T00:00Z",
      "2026-11-29T23:59:59Z",
      "2026-11-30T00:00Z",
      "2026-11-30T12:00Z",
    ])(
      "a market that never closes is open, without a close or an opening at midnight: %s",
      (text) => {
        expect(at(ALWAYS, text)).toMatchObject({
          state: "open",
          session_date: text.slice(0, 10),
          closes_at: null,
          next_open: null,
          next_trading: null,
        });
      },
    );

    it("one that rests at the weekend closes on Friday and opens on Monday", () => {
      const days = [
        wholeDay("2026-11-26", "2026-11-27"),
        wholeDay("2026-11-27", "2026-11-28"),
        wholeDay("2026-11-30", "2026-12-01"),
      ];
      expect(at({ timeZone: "UTC", days }, "2026-11-26T12:00Z")).toMatchObject({
        state: "open",
        closes_at: "2026-11-28T00:00:00.000Z",
        next_open: "2026-11-30T00:00:00.000Z",
      });
      expect(at({ timeZone: "UTC", days }, "2026-11-28T00:00Z")).toMatchObject({
        state: "closed",
        next_open: "2026-11-30T00:00:00.000Z",
      });
    });
  });

  it("tells when trading of any kind begins, and when the last session ended", () => {
    expect(at(THANKSGIVING, "2026-11-28T15:00Z")).toMatchObject({
      next_trading: "2026-11-30T09:00:00.000Z",
      last_session: {
        closed_at: "2026-11-27T18:00:00.000Z",
        trading_ended_at: "2026-11-27T22:00:00.000Z",
      },
    });
  });

  it("lunch in Tokyo is closed, inside a session that is not over", () => {
    expect(at(TOKYO, "2026-11-30T03:00Z")).toMatchObject({
      state: "closed",
      session_date: "2026-11-30",
      next_open: "2026-11-30T03:30:00.000Z",
      last_session: { date: "2026-11-27" },
    });
  });

  it("a halt is said while there would be trading, and not while there is none", () => {
    const state = (text: string) =>
      marketStateAt(THANKSGIVING, Date.parse(text), { halted: true }).state;
    expect(state("2026-11-30T15:00Z")).toBe("halted");
    expect(state("2026-11-30T10:00Z")).toBe("halted");
    expect(state("2026-11-28T15:00Z")).toBe("closed");
    expect(marketStateAt(null, 0, { halted: true }).state).toBe("halted");
  });

  it("what the schedule does not cover is unknown, with every time null", () => {
    const unknown = {
      state: "unknown",
      closes_at: null,
      next_open: null,
      session_date: null,
      last_session: null,
    };
    expect(marketStateAt(null, Date.parse("2026-11-30T15:00Z"))).toMatchObject(unknown);
    for (const text of ["2026-12-01T01:00Z", "2026-11-18T08:00Z", "2038-01-20T00:00Z"]) {
      expect(at(THANKSGIVING, text)).toMatchObject(unknown);
    }
    expect(
      marketStateAt({ timeZone: "US/Eastern", days: [] }, Date.parse("2026-11-30T15:00Z")),
    ).toMatchObject(unknown);
  });

  it("a schedule that begins on Monday says closed on Saturday, and nothing of Friday", () => {
    const ahead = { ...THANKSGIVING, days: THANKSGIVING.days.slice(2) };
    expect(at(ahead, "2026-11-28T15:00Z")).toMatchObject({
      state: "closed",
      next_open: "2026-11-30T14:30:00.000Z",
      last_session: null,
    });
  });

  it("a day without regular hours is no completed session", () => {
    const only = hours("2025-12-25T23:00Z", "2025-12-26T22:00Z");
    const schedule: TradingSchedule = {
      timeZone: "US/Central",
      days: [
        day("2025-12-24", [hours("2025-12-24T14:30Z", "2025-12-24T18:15Z")]),
        day("2025-12-26", [], [only]),
        day("2025-12-29", [hours("2025-12-29T14:30Z", "2025-12-29T22:00Z")]),
      ],
    };
    expect(at(schedule, "2025-12-27T12:00Z").last_session?.date).toBe("2025-12-24");
    expect(at(schedule, "2025-12-26T12:00Z").state).toBe("overnight");
  });
});

describe("when an order becomes active", () => {
  const SATURDAY = Date.parse("2026-11-28T15:00Z");

  it("waits for the regular hours, or for the extended ones if it may trade in them", () => {
    expect(activationAt(THANKSGIVING, SATURDAY, false)).toEqual({
      active_now: false,
      active_at: "2026-11-30T14:30:00.000Z",
      session_date: "2026-11-30",
      ends_at: "2026-11-30T21:00:00.000Z",
    });
    expect(activationAt(THANKSGIVING, SATURDAY, true)).toEqual({
      active_now: false,
      active_at: "2026-11-30T09:00:00.000Z",
      session_date: "2026-11-30",
      ends_at: "2026-12-01T01:00:00.000Z",
    });
  });

  it("is active now inside its hours", () => {
    const preMarket = Date.parse("2026-11-30T10:00Z");
    expect(activationAt(THANKSGIVING, preMarket, true).active_now).toBe(true);
    expect(activationAt(THANKSGIVING, preMarket, false)).toMatchObject({
      active_now: false,
      active_at: "2026-11-30T14:30:00.000Z",
    });
  });

  it("is not known without a schedule, and not past its end", () => {
    const nothing = { active_now: null, active_at: null, session_date: null, ends_at: null };
    expect(activationAt(null, SATURDAY, false)).toEqual(nothing);
    expect(activationAt(THANKSGIVING, Date.parse("2026-12-05T00:00Z"), false)).toEqual(nothing);
    expect(activationAt(THANKSGIVING, Date.parse("2026-11-30T22:00Z"), false)).toEqual({
      ...nothing,
      active_now: false,
    });
  });
});

describe("for any schedule and instant", () => {
  const base = Date.parse("2026-11-23T00:00Z") / 1000;
  const schedules = fc
    .array(
      fc.record({
        open: fc.integer({ min: 0, max: 80_000 }),
        length: fc.integer({ min: 60, max: 86_400 }),
        before: fc.integer({ min: 0, max: 60_000 }),
        after: fc.integer({ min: 0, max: 30_000 }),
        trades: fc.boolean(),
      }),
      { maxLength: 8 },
    )
    .map(
      (days): TradingSchedule => ({
        timeZone: "UTC",
        days: days.flatMap(({ open, length, before, after, trades }, index) => {
          if (!trades) return [];
          const opening = base + index * 86_400 + open;
          const name = new Date((base + index * 86_400) * 1000).toISOString().slice(0, 10);
          return [
            day(
              name,
              [{ opening, closing: opening + length }],
              [{ opening: opening - before, closing: opening + length + after }],
            ),
          ];
        }),
      }),
    );
  const instants = fc
    .integer({ min: base - 10 * 86_400, max: base + 20 * 86_400 })
    .map((s) => s * 1000);

  it("closes_at and next_open lie ahead, the last session behind, and the answer fits its schema", () => {
    fc.assert(
      fc.property(schedules, instants, fc.boolean(), (schedule, now, halted) => {
        const state = marketStateAt(schedule, now, { halted });
        expect(MarketState.safeParse(state).success).toBe(true);
        for (const ahead of [state.closes_at, state.next_open, state.next_trading]) {
          if (ahead !== null) expect(Date.parse(ahead)).toBeGreaterThan(now);
        }
        if (state.last_session !== null) {
          expect(Date.parse(state.last_session.closed_at)).toBeLessThanOrEqual(now);
          expect(Date.parse(state.last_session.trading_ended_at)).toBeLessThanOrEqual(now);
        }
        if (state.state === "closed") expect(state.closes_at).toBeNull();
        if (state.state === "open") {
          expect(activationAt(schedule, now, false).active_now).toBe(true);
        }
      }),
      { seed: 20261130, numRuns: 300 },
    );
  });
});
