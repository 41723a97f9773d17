import * as fc from "fast-check";
import { expect, it } from "vitest";
import { CLIENTS, Day, furthest, letOut, open, type Wanted } from "./day.ts";
import { compare, type Fraction, fraction } from "./fraction.ts";
import { runs, SEED } from "./seed.ts";

/**
 * A day of orders, of two agents and by two PCs: sent one by one and at once, filled whole and in
 * part, cancelled, refused and lost. At no moment is more let out, by the broker's own books, than a
 * limit of the day, of what is open or of the position says.
 */
const anyWanted: fc.Arbitrary<Wanted> = fc.record({
  client: fc.constantFrom(...CLIENTS),
  side: fc.constantFrom("BUY" as const, "BUY" as const, "SELL" as const),
  quantity: fc.integer({ min: 1, max: 5 }),
  cents: fc.integer({ min: 18_500, max: 18_900 }),
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constant("accepted" as const) },
    { weight: 2, arbitrary: fc.constant("refused" as const) },
    { weight: 1, arbitrary: fc.constant("lost" as const) },
  ),
});

/** Sent at once: of one side and one size, so that the PC says the same of all of them. */
const anyVolley = fc.array(anyWanted, { minLength: 1, maxLength: 3 }).map((all) => {
  const [first] = all;
  return all.map((each) => ({
    ...each,
    ...(first && { side: first.side, quantity: first.quantity }),
  }));
});

const step = <K extends string, T>(weight: number, kind: K, with_: fc.Arbitrary<T>) => ({
  weight,
  arbitrary: with_.map((given) => [kind, given] as const),
});
const anyStep = fc.oneof(
  step(9, "send", anyVolley),
  step(4, "close", fc.integer({ min: 1, max: 2 })),
  step(5, "fill", fc.tuple(fc.nat(9), fc.constantFrom(0.5, 1))),
  step(2, "cancel", fc.nat(9)),
  step(3, "wait", fc.integer({ min: 1, max: 40 })),
  step(2, "pc", fc.constant(null)),
);

/** Most days begin with something to hold. */
const BEGUN = [
  ["send", [{ client: "client-1", side: "BUY", quantity: 3, cents: 18_700, fate: "accepted" }]],
  ["wait", 20],
  ["fill", [0, 1]],
] as const;

const anyLimits = fc.record({
  turnover: fc.constantFrom("2500", "5000"),
  buying: fc.constantFrom("2000", "4000"),
  agent: fc.constantFrom("1500", "3000"),
  open: fc.constantFrom("1200", "2500"),
  units: fc.constantFrom("9", "16"),
  position: fc.constantFrom("1700", "3000"),
  short: fc.boolean(),
});

it(`a day's orders let out no more than its limits say (seed ${SEED})`, async () => {
  let sent = 0;
  let close = 0;
  await fc.assert(
    fc.asyncProperty(
      anyLimits,
      fc.array(anyStep, { minLength: 8, maxLength: 16 }),
      async (limits, steps) => {
        const day = new Day((policy) => {
          policy.cumulative.max_turnover_per_day = limits.turnover;
          policy.cumulative.max_buy_notional_per_day = limits.buying;
          policy.cumulative.max_open_notional = limits.open;
          policy.clients.max_notional_per_day = limits.agent;
          policy.portfolio.max_position_quantity = limits.units;
          policy.portfolio.max_position_notional = limits.position;
          policy.portfolio.short = limits.short;
        });
        for (const [kind, with_] of [...BEGUN, ...steps]) {
          if (kind === "send") await day.send(with_);
          else if (kind === "close") await day.close(with_);
          else if (kind === "fill") day.fill(with_[0], with_[1]);
          else if (kind === "cancel") day.cancel(with_);
          else if (kind === "wait") day.wait(with_);
          else day.changePc();
          const { placed } = day;
          held("turnover", letOut(placed), limits.turnover);
          held("purchases", letOut(placed.filter(({ side }) => side === "BUY")), limits.buying);
          held("open orders", open(placed), limits.open);
          for (const client of CLIENTS) {
            held(
              "an agent",
              letOut(placed.filter((order) => order.client === client)),
              limits.agent,
            );
          }
          const { long, short } = furthest(placed, day.position);
          const units = Math.max(long, short);
          held("the position", fraction(String(units)), limits.units);
          // No order is below 185, which bounds what each unit is worth.
          held("its value", fraction(String(units * 185)), limits.position);
          if (!limits.short) held("what is short", fraction(String(Math.max(0, short))), "0");
          if (compare(letOut(placed), fraction(String(Number(limits.turnover) * 0.4))) > 0)
            close += 1;
        }
        sent += day.placed.length;
      },
    ),
    { numRuns: runs(20), seed: SEED, endOnFailure: false },
  );
  expect(sent).toBeGreaterThan(runs(20) * 2);
  expect(close).toBeGreaterThan(runs(20) / 2);
});

function held(what: string, spent: Fraction, limit: string): void {
  if (compare(spent, fraction(limit)) > 0) {
    throw new Error(`${what}: ${Number(spent.n) / Number(spent.d)} were let out under ${limit}`);
  }
}
