import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { START_MS } from "../../../../test/support/intent-record.ts";
import { AAPL, aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { FACT_AGES, type Fact, knownAt } from "./dated-fact.ts";
import { factsAt, type Seen, unknownFaults } from "./facts-at-decision.ts";
import { localFaults, openingFaults } from "./local-checks.ts";

const fact = <T>(value: T): Fact<T> => ({ value, from: "broker", at: START_MS, proved: true });
/** An account in euros that holds ten shares priced in dollars. */
const seen = (): Seen => ({
  market: fact({ ...marketOf(), at: NOW }),
  hours: fact({ tradable_now: true, waits: null }),
  rates: fact(
    new Map([
      ["USD", "0.9"],
      ["EUR", "1"],
    ]),
  ),
  positions: fact([
    {
      conid: AAPL.conid,
      quantity: "10",
      value: null,
      asset_class: "STK",
      issuer: null,
      sector: null,
      country: null,
      currency: "USD",
    },
  ]),
  taking: fact([]),
  dailyPnl: fact("0"),
});
function marketOf() {
  const { market } = aTicket();
  if (market === null) throw new Error("the ticket has no market");
  return market;
}
const ENTRY = aTicket(anOrder({ legs: [aLeg({ side: "BUY", quantity: "1" })] }));
const EXIT = aTicket(anOrder({ legs: [aLeg({ side: "SELL", quantity: "10" })] }));

function judge(reads: Seen, ticket: typeof ENTRY, was: "entry" | "exit", laterMs = 0) {
  const nowMs = START_MS + laterMs;
  const clock = { now: () => nowMs };
  const caps = { ok: true, caps: DEFAULT_CAPS } as const;
  const facts = factsAt(reads, { ticket }, { base: "EUR", caps, nowMs });
  const usage = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "0", effect: was };
  const judged = {
    rules: {
      killSwitch: () => ({ engaged: false }) as const,
      policyFault: () => null,
      caps: () => caps,
    },
    store: { open: () => [], sentSince: () => 0, tradingSince: () => 0 },
    clock,
  };
  const refusals = [
    ...localFaults(judged, ticket.order, facts),
    ...openingFaults(ticket, facts),
    ...unknownFaults(reads, facts, { ticket, usage }, nowMs),
  ];
  return { effect: facts.effect?.kind ?? null, refusals };
}

const BOUNDS = {
  market: FACT_AGES.marketMs,
  hours: FACT_AGES.hoursMs,
  rates: FACT_AGES.ratesMs,
  positions: FACT_AGES.positionsMs,
  taking: FACT_AGES.workingMs,
  dailyPnl: FACT_AGES.dailyPnlMs,
} satisfies Record<keyof Seen, number>;

type Name = keyof Seen;
const names = Object.keys(BOUNDS).filter((name): name is Name => name in BOUNDS);

/** The reads, one of them older than the rest by so much, or unproved. */
function aged(name: Name, byMs: number, proved = true): Seen {
  const reads = seen();
  const one = reads[name];
  return { ...reads, [name]: one === null ? null : { ...one, at: one.at - byMs, proved } };
}

describe("a fact that decides an order", () => {
  it("is known up to its age, and not beyond, nor from the future, nor unproved", () => {
    const one = fact("x");
    expect(knownAt(one, 100, START_MS + 100)).toBe("x");
    expect(knownAt(one, 100, START_MS + 101)).toBeNull();
    expect(knownAt(one, 100, START_MS - 101)).toBeNull();
    expect(knownAt({ ...one, proved: false }, 100, START_MS)).toBeNull();
    expect(knownAt(null, 100, START_MS)).toBeNull();
  });

  it("lets an entry and an exit pass while all are of now", () => {
    expect(judge(seen(), ENTRY, "entry")).toEqual({ effect: "entry", refusals: [] });
    expect(judge(seen(), EXIT, "exit")).toEqual({ effect: "exit", refusals: [] });
  });

  it("refuses an entry when any one of them is older than its bound or is not proved", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.integer({ min: 1, max: 60 * 60_000 }),
        (name, beyondMs) => {
          expect(judge(aged(name, BOUNDS[name]), ENTRY, "entry").refusals).toEqual([]);
          const old = judge(aged(name, BOUNDS[name] + beyondMs), ENTRY, "entry");
          expect(old.refusals.length).toBeGreaterThan(0);
          if (name !== "rates") {
            expect(judge(aged(name, 0, false), ENTRY, "entry").refusals.length).toBeGreaterThan(0);
          }
        },
      ),
    );
  });

  it("judges an exit by the rest, whichever of them is too old", () => {
    for (const name of names) {
      const { effect, refusals } = judge(aged(name, BOUNDS[name] + 1), EXIT, "exit");
      expect(refusals).toEqual([]);
      // Whether it is one can't be told from an old position: then it is held to an entry's bounds.
      expect(effect).toBe(name === "positions" || name === "taking" ? null : "exit");
    }
  });

  it("never makes an exit of an entry by growing old", () => {
    for (const name of names) {
      expect(judge(aged(name, BOUNDS[name] + 1), ENTRY, "entry").effect).not.toBe("exit");
    }
  });

  it("is asked for its age again right before the order leaves", () => {
    expect(judge(seen(), ENTRY, "entry", FACT_AGES.positionsMs).refusals).toEqual([]);
    const late = judge(seen(), ENTRY, "entry", FACT_AGES.positionsMs + 1);
    expect(late.refusals.map(({ field }) => field)).toEqual(["market", "position", "working"]);
  });
});
