import { describe, expect, it } from "vitest";
import { createClock } from "./clock.ts";

describe("a virtual clock", () => {
  it("stands still until it is advanced", async () => {
    const clock = createClock("virtual", 1_000);
    let ran = 0;
    clock.after(10, () => ran++);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([clock.now(), ran]).toEqual([1_000, 0]);
    await clock.advance(10);
    expect([clock.now(), ran]).toEqual([1_010, 1]);
  });

  it("runs tasks in the order of their time, each at its own time, also those that tasks add", async () => {
    const clock = createClock("virtual", 0);
    const seen: string[] = [];
    const note = (name: string) => () => seen.push(`${name}@${clock.now()}`);
    clock.at(30, note("c"));
    clock.at(10, () => {
      note("a")();
      clock.after(5, note("b"));
    });
    clock.at(30, note("d"));
    await clock.advance(100);
    expect(seen).toEqual(["a@10", "b@15", "c@30", "d@30"]);
    expect(clock.now()).toBe(100);
  });

  it("repeats a task until it is cancelled, also from within itself", async () => {
    const clock = createClock("virtual", 0);
    let ran = 0;
    const stop = clock.every(10, () => {
      ran += 1;
      if (ran === 3) stop();
    });
    await clock.advance(1_000);
    expect(ran).toBe(3);
  });

  it("refuses to go back, and takes two advances one after the other", async () => {
    const clock = createClock("virtual", 0);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect(clock.now()).toBe(20);
  });
});

describe("a real clock", () => {
  it("follows the wall, and can be pushed ahead past its tasks", async () => {
    const clock = createClock("real", Date.now());
    let ran = 0;
    clock.after(3_600_000, () => ran++);
    const before = clock.now();
    await clock.advance(3_600_000);
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
    expect(ran).toBe(1);
    clock.after(5, () => ran++);
    await expect.poll(() => ran).toBe(2);
    clock.close();
  });
});
