import { describe, expect, it } from "vitest";
import { handClock } from "../../../../test/support/intent-record.ts";
import { createLane } from "./mutex.ts";

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
