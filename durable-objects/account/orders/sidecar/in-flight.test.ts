import { describe, expect, it } from "vitest";
import { oneAtATime } from "./in-flight.ts";

describe("one thing at a time", () => {
  it("begins the first in the same turn, and the next when it has ended, however it did", async () => {
    const mutexes = new Map<string, Promise<unknown>>();
    const steps: string[] = [];
    const ends: (() => void)[] = [];
    const work = (name: string) => () => {
      steps.push(name);
      return new Promise<void>((resolve, reject) => {
        ends.push(name === "fails" ? () => reject(new Error(name)) : resolve);
      });
    };
    const first = oneAtATime(mutexes, "DU1", work("fails"));
    const second = oneAtATime(mutexes, "DU1", work("second"));
    const other = oneAtATime(mutexes, "DU2", work("other"));
    expect(steps).toEqual(["fails", "other"]);
    ends[0]?.();
    await expect(first).rejects.toThrow("fails");
    await expect.poll(() => steps).toEqual(["fails", "other", "second"]);
    ends[1]?.();
    ends[2]?.();
    await Promise.all([second, other]);
    expect(mutexes.size).toBe(0);
  });
});
