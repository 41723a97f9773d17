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

  it("goes to an exit before every entry that waited longer, and to previews last", async () => {
    const mutex = createMutex(handClock());
    const first = await mutex.acquire(0);
    const order: string[] = [];
    const line = (["agent", "entry", "reply", "exit"] as const).map((priority) =>
      mutex.acquire(60_000, { priority }).then((release) => {
        order.push(priority);
        release?.();
      }),
    );
    expect(mutex.wantedBy()).toBe("exit");
    first?.();
    await Promise.all(line);
    expect(order).toEqual(["exit", "reply", "entry", "agent"]);
  });

  it("asks a holder once to give way, and only to what is more urgent", async () => {
    const mutex = createMutex(handClock());
    let asked = 0;
    await mutex.acquire(0, { priority: "agent", onWanted: () => (asked += 1) });
    void mutex.acquire(60_000, { priority: "agent" });
    expect(asked).toBe(0);
    void mutex.acquire(60_000, { priority: "exit" });
    void mutex.acquire(60_000, { priority: "exit" });
    expect(asked).toBe(1);
  });

  it("tells an exit of its own that waits from a change of one that stands", async () => {
    const mutex = createMutex(handClock());
    await mutex.acquire(0);
    expect(mutex.newExitWaits()).toBe(false);
    void mutex.acquire(60_000, { priority: "entry" });
    void mutex.acquire(60_000, { priority: "exit", change: true });
    expect(mutex.newExitWaits()).toBe(false);
    void mutex.acquire(60_000, { priority: "exit" });
    expect(mutex.newExitWaits()).toBe(true);
  });
});
