import { expect, it } from "vitest";
import { stepUps } from "./step-ups.ts";

it("a challenge is repeated only for another connection, another scope, or after ten minutes", () => {
  let now = 0;
  const ups = stepUps(() => now);
  expect(ups.challenged("g1", "a")).toBe(false);
  expect(ups.challenged("g1", "a")).toBe(true);
  expect(ups.challenged("g1", "b")).toBe(false);
  expect(ups.challenged("g2", "a")).toBe(false);
  now += 10 * 60_000;
  expect(ups.challenged("g1", "a")).toBe(false);
});

it("remembers a bounded number", () => {
  const ups = stepUps(() => 0);
  for (let n = 0; n < 501; n += 1) ups.challenged(`g${n}`, "a");
  expect(ups.challenged("g500", "a")).toBe(true);
  expect(ups.challenged("g0", "a")).toBe(false);
});
