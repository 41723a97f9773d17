import { FACT_MAX_AGES } from "@ibkr-edge-gateway/policy/known-facts.ts";
import type { Effect } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ASSERTION, orderBook } from "../../../../test/support/order-book.ts";
import { anOrder } from "../../../../test/support/orders.ts";
import type { SubmitDecision, SubmitRequest } from "../rules/submits/submit-decision.ts";
import { decideApproval } from "./decide-approval.ts";
import { submitTransaction } from "./submit-transaction.ts";

// fixed dates: the book of these tests has a clock of its own.

/**
 * What the PC reads for a submit, and the age in seconds that the decision accepts of each. One is aged
 * at a time, everything else is of now. Rates are in risk-in-base.test.ts: this order needs none.
 */
const MAX_AGE_SECONDS = {
  account: FACT_MAX_AGES.accountSeconds,
  effect: FACT_MAX_AGES.bookSeconds,
  instrument: FACT_MAX_AGES.instrumentSeconds,
  rules: FACT_MAX_AGES.rulesSeconds,
  reading: FACT_MAX_AGES.readingSeconds,
  // The policy of a new paper account.
  market: 30,
} as const;
type FactName = keyof typeof MAX_AGE_SECONDS;
const NAMES = Object.keys(MAX_AGE_SECONDS) as FactName[];

type Fresh = SubmitRequest["fresh"];

function aged(fresh: Fresh, name: FactName, byMs: number): Fresh {
  const older = (at: string) => new Date(Date.parse(at) - byMs).toISOString();
  const { market, facts, readAtMs = 0 } = fresh;
  if (name === "reading") return { ...fresh, readAtMs: readAtMs - byMs };
  if (name === "market") {
    return { ...fresh, market: market && { ...market, at: older(market.at ?? "") } };
  }
  const fact = facts[name];
  return { ...fresh, facts: { ...facts, [name]: fact && { ...fact, at: older(fact.at) } } };
}

function submitted(kind: Effect["kind"], change: (fresh: Fresh) => Fresh): SubmitDecision {
  const book = orderBook();
  const previewId = book.preview(anOrder({ reduce_only: kind === "exit" }), kind);
  const approvalId = book.ask(previewId);
  decideApproval(
    book.storage,
    { approvalId, requestId: "r", say: "approve", assertion: ASSERTION, echo: null },
    book.now,
    book.log,
  );
  book.now += 10_000;
  const request = book.request({ previewId, approvalId });
  return submitTransaction(
    book.storage,
    { ...request, fresh: change(request.fresh) },
    book.conditions(),
    book.log,
  );
}

const anyFact = fc.constantFrom(...NAMES);

describe("what the PC read for a submit, at the gateway", () => {
  it("within its age lets an entry and an exit out", () => {
    fc.assert(
      fc.property(anyFact, fc.double({ min: 0, max: 1, noNaN: true }), (name, part) => {
        const byMs = Math.floor(MAX_AGE_SECONDS[name] * 1_000 * part);
        for (const kind of ["entry", "exit"] as const) {
          expect(submitted(kind, (fresh) => aged(fresh, name, byMs)).kind, name).toBe("go");
        }
      }),
      { numRuns: 60 },
    );
  });

  it("beyond it, one fact alone, refuses an entry and says which is how old; an exit goes by the rest", () => {
    fc.assert(
      fc.property(anyFact, fc.integer({ min: 1, max: 86_400_000 }), (name, beyondMs) => {
        const byMs = MAX_AGE_SECONDS[name] * 1_000 + beyondMs;
        const entry = submitted("entry", (fresh) => aged(fresh, name, byMs));
        expect(entry.kind, name).toBe("refused");
        if (entry.kind !== "refused") return;
        const said = entry.refusals.map(({ message }) => message).join(" ");
        if (name !== "market") {
          expect(said).toContain(
            `${Math.round(byMs / 1_000)} s old and may be ${MAX_AGE_SECONDS[name]} s old at most`,
          );
        }
        expect(submitted("exit", (fresh) => aged(fresh, name, byMs)).kind, name).toBe("go");
      }),
      { numRuns: 60 },
    );
  });

  it("from ahead of the clock says as little", () => {
    for (const name of NAMES) {
      const byMs = -(MAX_AGE_SECONDS[name] + 1) * 1_000;
      expect(submitted("entry", (fresh) => aged(fresh, name, byMs)).kind, name).toBe("refused");
    }
  });

  it("of a time that nobody noted refuses an entry", () => {
    const undated = submitted("entry", ({ market, facts }) => ({ market, facts }));
    expect(undated.kind).toBe("refused");
  });
});
