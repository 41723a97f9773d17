import { marketStateAt } from "@ibkr-edge-gateway/protocol/market/market-state.ts";
import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import { describe, expect, it } from "vitest";
import { pastSession } from "./completed-session.ts";

const ms = (text: string): number => Date.parse(text);

/** A schedule that lists the coming days alone. */
function coming(...days: string[]): TradingSchedule {
  return {
    timeZone: "US/Eastern",
    days: days.map((day) => ({
      day,
      regular: [{ opening: ms(`${day}T14:30Z`) / 1000, closing: ms(`${day}T21:00Z`) / 1000 }],
      extended: [
        { opening: ms(`${day}T09:00Z`) / 1000, closing: ms(`${day}T21:00Z`) / 1000 + 14_400 },
      ],
    })),
  };
}

function bars(...spans: [string, string][]) {
  return {
    barLength: 300,
    data: spans.flatMap(([from, to]) =>
      Array.from({ length: (ms(to) - ms(from)) / 300_000 }, (_, index) => ({
        t: ms(from) + index * 300_000,
        o: null,
        h: null,
        l: null,
        c: "10",
        v: null,
      })),
    ),
  };
}

const HALF_DAY = bars(
  ["2026-11-25T14:30Z", "2026-11-25T21:00Z"],
  ["2026-11-27T14:30Z", "2026-11-27T18:00Z"],
);

function at(text: string, schedule: TradingSchedule, from = HALF_DAY) {
  return pastSession(from, schedule, marketStateAt(schedule, ms(text)), ms(text));
}

describe("the last session by its bars", () => {
  it("is Friday's at the weekend, with the end that the bars show", () => {
    const friday = {
      date: "2026-11-27",
      began_at: "2026-11-27T14:30:00.000Z",
      closed_at: "2026-11-27T18:00:00.000Z",
    };
    expect(at("2026-11-28T15:00Z", coming("2026-11-30"))).toEqual({
      ...friday,
      trading_ended_at: "2026-11-28T05:00:00.000Z",
    });
    expect(at("2026-11-30T15:00Z", coming("2026-11-30"))).toMatchObject(friday);
    expect(at("2026-11-28T00:00Z", coming("2026-11-30"))?.trading_ended_at).toBe(
      "2026-11-28T00:00:00.000Z",
    );
  });

  it("is not known where a weekday lies between", () => {
    const wednesday = bars(["2026-11-25T14:30Z", "2026-11-25T21:00Z"]);
    expect(at("2026-11-26T15:00Z", coming("2026-11-27"), wednesday)).toBeNull();
    expect(at("2026-11-28T15:00Z", coming("2026-11-30"), wednesday)).toBeNull();
  });

  it("is not known without bars, and where the contract trades at weekends or from the evening before", () => {
    const saturday = "2026-11-28T15:00Z";
    expect(at(saturday, coming("2026-11-30"), bars())).toBeNull();
    expect(at(saturday, coming("2026-11-29", "2026-11-30"))).toBeNull();
    const evening = coming("2026-11-30");
    const [day] = evening.days;
    if (day !== undefined)
      day.regular = [
        { opening: ms("2026-11-29T22:15Z") / 1000, closing: ms("2026-11-30T22:00Z") / 1000 },
      ];
    expect(at(saturday, evening)).toBeNull();
  });

  it("takes no bar of the session in progress for it", () => {
    const today = bars(
      ["2026-11-27T14:30Z", "2026-11-27T18:00Z"],
      ["2026-11-30T14:30Z", "2026-11-30T15:00Z"],
    );
    expect(at("2026-11-30T15:00Z", coming("2026-11-30"), today)?.date).toBe("2026-11-27");
  });
});
