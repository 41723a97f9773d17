import { describe, expect, it } from "vitest";

/** In the matrix the instant that was asked for; else whatever the machine says. */
const given = process.env.TEST_CLOCK;
describe("the clock of a test's process", () => {
  it("tells the same time in every form", () => {
    const now = Date.now();
    expect(Math.abs(Date.parse(new Date().toISOString()) - now)).toBeLessThan(2_000);
    expect(Math.abs(Date.parse(Date()) - now)).toBeLessThan(3_000);
    expect(new Date()).toBeInstanceOf(Date);
    // Of a process that has slept with its machine it may be far behind; none of a test run has.
    expect(Math.abs(performance.timeOrigin + performance.now() - now)).toBeLessThan(60_000);
    const year = new Intl.DateTimeFormat("en", { year: "numeric", timeZone: "UTC" });
    const near = [now - 2_000, now + 2_000].map((at) => new Date(at).getUTCFullYear());
    expect(near).toContain(Number(year.format()));
    expect(near).toContain(
      Number(
        year
          .formatToParts()
          .map(({ value }) => value)
          .join(""),
      ),
    );
  });

  it("is the one that was asked for, and goes on", () => {
    if (given === undefined) return;
    const { start, wallStart } = JSON.parse(given);
    expect(Date.now()).toBeGreaterThanOrEqual(start);
    expect(Date.now() - start).toBeLessThan(3_600_000);
    expect(start).not.toBe(wallStart);
  });
});
