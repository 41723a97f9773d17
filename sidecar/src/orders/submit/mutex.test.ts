import { describe, expect, it } from "vitest";
import { handClock } from "../../../../test/support/intent-record.ts";
import { createMutex } from "./mutex.ts";

describe("the mutex", () => {
  it("has one holder, and the next in turn", async () => {
    const mutex = createMutex(handClock());
    const first = await mutex.acquire(1_000);
    const order: string[] = [];
    const second = mutex.acquire(1_000).then((release) => {
      order.push("second");
      return release;
    });
    const third = mutex.acquire(1_000).then((release) => {
      order.push("third");
      return release;
    });
    expect(mutex.busy()).toBe(true);
    first?.();
    (await second)?.();
    (await third)?.();
    expect(order).toEqual(["second", "third"]);
    expect(mutex.busy()).toBe(false);
  });

  it("is given up on after the time, and not handed to who has gone", async () => {
    const clock = handClock();
    const mutex = createMutex(clock);
    const first = await mutex.acquire(0);
    const waiting = mutex.acquire(1_000);
    clock.run(1_000);
    expect(await waiting).toBeNull();
    first?.();
    expect(mutex.busy()).toBe(false);
  });

  it("released twice is released once", async () => {
    const mutex = createMutex(handClock());
    const first = await mutex.acquire(0);
    first?.();
    const second = await mutex.acquire(0);
    first?.();
    expect(mutex.busy()).toBe(true);
    second?.();
    expect(mutex.busy()).toBe(false);
  });
});
