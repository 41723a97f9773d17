import fc from "fast-check";
import { expect, it } from "vitest";
import { callBudget, EXIT_CALLS_PER_MINUTE, takeCall } from "./rate-limit.ts";

it("lets no client and no account have more than their share of any minute", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          client: fc.constantFrom("a", "b", "c"),
          waitMs: fc.integer({ min: 0, max: 9_000 }),
        }),
        { maxLength: 200 },
      ),
      (calls) => {
        const budget = callBudget({ client: "10", account: "15" });
        let now = 0;
        const taken: { client: string; at: number }[] = [];
        for (const { client, waitMs } of calls) {
          now += waitMs;
          if (takeCall(budget, client, now) === null) taken.push({ client, at: now });
        }
        // A bucket that was full may be emptied at once, and fills again over the same minute.
        for (const { at } of taken) {
          const minute = taken.filter((call) => call.at >= at && call.at < at + 60_000);
          expect(minute.length).toBeLessThanOrEqual(30);
          expect(minute.filter((call) => call.client === "a").length).toBeLessThanOrEqual(20);
        }
      },
    ),
    { seed: 20261120, numRuns: 500 },
  );
});

it("says how long to wait, and that long is enough", () => {
  const budget = callBudget({ client: "2", account: "100" });
  expect([takeCall(budget, "a", 0), takeCall(budget, "a", 0)]).toEqual([null, null]);
  const refused = takeCall(budget, "a", 0);
  expect(refused?.code).toBe("RATE_LIMITED");
  const wait = refused?.retry_after_ms ?? 0;
  expect(takeCall(budget, "a", wait - 1)?.code).toBe("RATE_LIMITED");
  expect(takeCall(budget, "a", wait + 1)).toBeNull();
  expect(takeCall(budget, "b", 0)).toBeNull();
});

it("takes nothing but a positive number for a limit", () => {
  for (const bad of ["0", "-5", "NaN", "1.5", "", "many"]) {
    expect(callBudget({ client: bad }).clientPerMinute).toBe(240);
  }
  expect(callBudget({ client: "7" }).clientPerMinute).toBe(7);
});

it("any number of busy clients leave calls to the next, to orders, and to every exit", () => {
  const budget = callBudget();
  const burst = (client: string, kind?: "exit" | "order" | "read") =>
    Array.from({ length: 10_000 }, () => takeCall(budget, client, 0, kind)).filter(
      (refused) => refused === null,
    ).length;
  const taken = ["a", "b", "c"].map((client) => burst(client));
  expect(taken[0]).toBe(240);
  expect(Math.min(...taken)).toBeGreaterThan(0);
  expect(burst("d")).toBeGreaterThan(0);
  for (const client of ["e", "f", "g", "h", "i", "j"]) burst(client, "order");
  // The common calls are all but used up; an exit's are its own.
  for (const client of ["a", "z"]) {
    expect(takeCall(budget, client, 0, "exit")).toBeNull();
    expect(burst(client, "exit")).toBeLessThanOrEqual(EXIT_CALLS_PER_MINUTE + 240);
  }
});
