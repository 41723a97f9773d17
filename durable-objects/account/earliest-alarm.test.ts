import { beforeEach, expect, it } from "vitest";
import { EarliestAlarm } from "./earliest-alarm.ts";

let set: number[];
const storage = (before: number | null) => ({
  getAlarm: async () => before,
  setAlarm: async (at: number | Date) => void set.push(Number(at)),
});

beforeEach(() => {
  set = [];
});

it("is set for the earliest that anybody asks, and never later", () => {
  const alarm = new EarliestAlarm(storage(null));
  for (const at of [500, 900, null, 500, 200]) alarm.noLaterThan(at);
  expect(set).toEqual([500, 200]);
});

it("knows of the one that was set before the object was made", async () => {
  const alarm = new EarliestAlarm(storage(300));
  await alarm.load();
  alarm.noLaterThan(400);
  alarm.noLaterThan(299);
  expect(set).toEqual([299]);
});

it("is asked for anew once it has rung", () => {
  const alarm = new EarliestAlarm(storage(null));
  alarm.noLaterThan(100);
  alarm.rang();
  alarm.noLaterThan(5_000);
  expect(set).toEqual([100, 5_000]);
});
