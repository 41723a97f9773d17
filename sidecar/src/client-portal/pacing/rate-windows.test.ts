import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ENDPOINT_PACES, earliestStart, GLOBAL_WINDOWS } from "./rate-windows.ts";

describe("sliding windows", () => {
  it("never allow more starts than their most in any span of their length", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 30, maxLength: 120 }),
        fc.integer({ min: 0, max: 3 }),
        (waits, reserve) => {
          let now = 0;
          const all: number[] = [];
          for (const wait of waits) {
            now = earliestStart(all, GLOBAL_WINDOWS, now + wait, () => reserve);
            all.push(now);
          }
          for (const { max, windowMs } of GLOBAL_WINDOWS) {
            for (const [index, from] of all.entries()) {
              const inside = all.slice(index).filter((at) => at < from + windowMs).length;
              expect(inside).toBeLessThanOrEqual(max - reserve);
            }
          }
        },
      ),
      { seed: 20261120 },
    );
  });

  it("keep to 80 % of what is documented", () => {
    const documented: Record<string, [number, number]> = {
      scanner_params: [1, 15 * 60_000],
      scanner_run: [1, 1_000],
      trades: [1, 5_000],
      orders: [1, 5_000],
      pnl: [1, 5_000],
      portfolio_accounts: [1, 5_000],
      performance: [1, 15 * 60_000],
      transactions: [1, 15 * 60_000],
      tickle: [1, 1_000],
      sso_validate: [1, 60_000],
      snapshot: [10, 1_000],
    };
    for (const [name, [count, perMs]] of Object.entries(documented)) {
      const pace = ENDPOINT_PACES[name as keyof typeof ENDPOINT_PACES];
      const [window] = pace.windows;
      const rate = (window?.max ?? 0) / (window?.windowMs ?? 1);
      expect(rate, name).toBeLessThanOrEqual((count / perMs) * 0.8 + 1e-12);
    }
    expect(ENDPOINT_PACES.history.concurrency).toBe(4);
  });
});
