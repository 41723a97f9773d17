import { describe, expect, it } from "vitest";
import { nothingInFlight, oneAtATime } from "./in-flight.ts";

describe("one thing at a time", () => {
  it("begins the first in the same turn, and the next when it has ended, however it did", async () => {
    const { lanes } = nothingInFlight();
    const steps: string[] = [];
    const ends: (() => void)[] = [];
    const work = (name: string) => () => {
      steps.push(name);
      return new Promise<void>((resolve, reject) => {
        ends.push(name === "fails" ? () => reject(new Error(name)) : resolve);
      });
    };
    const first = oneAtATime(lanes, "DU1", work("fails"));
    const second = oneAtATime(lanes, "DU1", work("second"));
    const other = oneAtATime(lanes, "DU2", work("other"));
    expect(steps).toEqual(["fails", "other"]);
    ends[0]?.();
    await expect(first).rejects.toThrow("fails");
    await expect.poll(() => steps).toEqual(["fails", "other", "second"]);
    ends[1]?.();
    ends[2]?.();
    await Promise.all([second, other]);
    await expect.poll(() => lanes.size).toBe(0);
  });

  it("who is first goes before all that wait, and behind others that are first", async () => {
    const { lanes } = nothingInFlight();
    const steps: string[] = [];
    const ends: (() => void)[] = [];
    const begin = (name: string, first = false) =>
      oneAtATime(
        lanes,
        "DU1",
        () => {
          steps.push(name);
          return new Promise((resolve) => ends.push(resolve));
        },
        first,
      );
    const all = [
      begin("entry 1"),
      begin("entry 2"),
      begin("exit 1", true),
      begin("entry 3"),
      begin("exit 2", true),
    ];
    for (let n = 0; n < all.length; n += 1) {
      await expect.poll(() => steps.length).toBe(n + 1);
      ends[n]?.();
    }
    await Promise.all(all);
    expect(steps).toEqual(["entry 1", "exit 1", "exit 2", "entry 2", "entry 3"]);
  });
});
