import { expect, it } from "vitest";
import { fastTimeAt, nextMarketMorning, wallTimeAt } from "./fast-time.ts";

const FRIDAY = Date.UTC(2026, 10, 20, 13, 0);
const time = { wallStart: FRIDAY, start: nextMarketMorning(FRIDAY), speed: 20 };

it("begins on a weekday's morning that lies ahead", () => {
  expect(new Date(time.start).toISOString()).toBe("2026-11-23T14:40:00.000Z");
});

it("runs so many times as fast, and an alarm never rings before its time", () => {
  expect(fastTimeAt(time, FRIDAY + 1_000)).toBe(time.start + 20_000);
  for (const ms of [0, 1, 19, 20, 21, 123_457]) {
    expect(fastTimeAt(time, wallTimeAt(time, time.start + ms))).toBeGreaterThanOrEqual(
      time.start + ms,
    );
  }
});
