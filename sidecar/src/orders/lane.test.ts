import { describe, expect, it } from "vitest";
import type { Clock } from "../client-portal/clock.ts";
import { createLane } from "./lane.ts";

function handClock(): Clock & { run(ms: number): void } {
  let now = 0;
  let tasks: { at: number; task: () => void }[] = [];
  return {
    now: () => now,
    after: (ms, task) => {
      const entry = { at: now + ms, task };
      tasks.push(entry);
      return () => {
        tasks = tasks.filter((other) => other !== entry);
      };
    },
    run(ms) {
      now += ms;
      const due = tasks.filter(({ at }) => at <= now);
      tasks = tasks.filter(({ at }) => at > now);
      for (const { task } of due) task();
    },
  };
}

describe("the lane", () => {
  it("has one holder, and the next in turn", async () => {
    const lane = createLane(handClock());
    const first = await lane.acquire(1_000);
    const order: string[] = [];
    const second = lane.acquire(1_000).then((release) => {
      order.push("second");
      return release;
    });
    const third = lane.acquire(1_000).then((release) => {
      order.push("third");
      return release;
    });
    expect(lane.busy()).toBe(true);
    first?.();
    (await second)?.();
    (await third)?.();
    expect(order).toEqual(["second", "third"]);
    expect(lane.busy()).toBe(false);
  });

  it("is given up on after the time, and not handed to who has gone", async () => {
    const clock = handClock();
    const lane = createLane(clock);
    const first = await lane.acquire(0);
    const waiting = lane.acquire(1_000);
    clock.run(1_000);
    expect(await waiting).toBeNull();
    first?.();
    expect(lane.busy()).toBe(false);
  });

  it("released twice is released once", async () => {
    const lane = createLane(handClock());
    const first = await lane.acquire(0);
    first?.();
    const second = await lane.acquire(0);
    first?.();
    expect(lane.busy()).toBe(true);
    second?.();
    expect(lane.busy()).toBe(false);
  });
});
