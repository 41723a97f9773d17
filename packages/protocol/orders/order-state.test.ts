import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  evidenceOfStatus,
  isBookRead,
  isInDoubt,
  isTerminal,
  ORDER_STATES,
  OrderEvidence,
  ProofSource,
  step,
} from "./order-state.ts";

const evidence = (
  source: ProofSource,
  says: OrderEvidence["says"],
  filled: string | null = null,
): OrderEvidence => ({ source, says, filled, remaining: null, at: "2026-11-20T15:00:00.000Z" });

const anyEvidence = fc.record({
  source: fc.constantFrom(...ProofSource.options),
  says: fc.constantFrom(...OrderEvidence.shape.says.options),
  filled: fc.constantFrom(null, "0", "0.5", "3"),
  remaining: fc.constant(null),
  at: fc.constant("2026-11-20T15:00:00.000Z"),
});
const anyState = fc.constantFrom(...ORDER_STATES);

describe("the states of an order", () => {
  it("goes the straight way from submit to fill", () => {
    let state = step("submitting", evidence("submit_answer", "accepted"));
    expect(state).toEqual({ ok: true, state: "accepted", alarm: null });
    state = step("accepted", evidence("live_orders", "working", "0"));
    expect(state).toEqual({ ok: true, state: "working", alarm: null });
    state = step("working", evidence("order_stream", "working", "3"));
    expect(state).toEqual({ ok: true, state: "partially_filled", alarm: null });
    expect(step("partially_filled", evidence("trades", "filled", "10"))).toEqual({
      ok: true,
      state: "filled",
      alarm: null,
    });
  });

  it("an answer never proves that an order works, and silence never proves that it does not", () => {
    expect(step("accepted", evidence("submit_answer", "working"))).toEqual({
      ok: false,
      reason: "source_cannot_say",
    });
    for (const state of ORDER_STATES) {
      const outcome = step(state, evidence("quiet_period", "absent"));
      if (isInDoubt(state)) expect(outcome).toMatchObject({ ok: true, state: "rejected" });
      else expect(outcome.ok).toBe(false);
    }
  });

  it("a late stored answer resolves a doubt", () => {
    expect(step("unknown", evidence("submit_answer", "accepted"))).toMatchObject({
      state: "accepted",
    });
    expect(step("reconciling", evidence("submit_answer", "rejected"))).toMatchObject({
      state: "rejected",
    });
    expect(step("reconciling", evidence("sidecar_not_sent", "rejected"))).toMatchObject({
      state: "rejected",
    });
  });

  it("an order that comes back from the dead raises an alarm", () => {
    expect(step("rejected", evidence("live_orders", "working"))).toEqual({
      ok: true,
      state: "working",
      alarm: "resurrected",
    });
    expect(step("rejected", evidence("trades", "filled"))).toMatchObject({ alarm: "resurrected" });
    expect(step("cancelled", evidence("trades", "filled"))).toEqual({
      ok: true,
      state: "filled",
      alarm: null,
    });
  });

  it("what the broker answered for cannot be proved unsent", () => {
    for (const state of [
      "awaiting_confirmation",
      "accepted",
      "working",
      "partially_filled",
      "filled",
    ] as const) {
      expect(step(state, evidence("sidecar_not_sent", "rejected")).ok, state).toBe(false);
    }
  });

  it("a fill is final", () => {
    fc.assert(
      fc.property(anyEvidence, (found) => {
        const outcome = step("filled", found);
        if (outcome.ok) expect(["filled", "partially_filled", "working"]).toContain(outcome.state);
      }),
    );
    expect(step("filled", evidence("live_orders", "cancelled")).ok).toBe(false);
    expect(step("filled", evidence("live_orders", "working"))).toEqual({
      ok: true,
      state: "filled",
      alarm: null,
    });
  });

  it("doubt ends only by a read of the book, a stored answer, the quiet period or the owner", () => {
    fc.assert(
      fc.property(anyState.filter(isInDoubt), anyEvidence, (state, found) => {
        const outcome = step(state, found);
        if (!outcome.ok || isInDoubt(outcome.state)) return;
        expect(
          isBookRead(found.source) ||
            ["submit_answer", "reply_answer", "sidecar_not_sent", "quiet_period", "owner"].includes(
              found.source,
            ),
        ).toBe(true);
      }),
    );
  });

  it("nothing leaves an end without a read of the book", () => {
    fc.assert(
      fc.property(anyState.filter(isTerminal), anyEvidence, (state, found) => {
        const outcome = step(state, found);
        if (outcome.ok && outcome.state !== state) {
          expect(isBookRead(found.source) || found.source === "owner").toBe(true);
        }
      }),
    );
  });

  it("every state can be left towards an end, and doubt is reachable from every open one", () => {
    for (const state of ORDER_STATES.filter((each) => !isTerminal(each))) {
      expect(step(state, evidence("live_orders", "filled")), state).toMatchObject({
        state: "filled",
      });
      const doubt = step(state, evidence("gateway", "ambiguous"));
      expect(doubt.ok && isInDoubt(doubt.state), state).toBe(true);
    }
  });
});

describe("IBKR's status words", () => {
  it.each([
    ["Filled", "1", "0", "filled"],
    ["Submitted", "0", "1", "working"],
    ["Submitted", "1", "2", "working"],
    ["PreSubmitted", null, null, "working"],
    ["PendingSubmit", null, null, "working"],
    ["PendingCancel", "0", "1", "working"],
    ["PreCancelled", "0", "1", "working"],
    ["WarnState", "0", "1", "working"],
    ["Cancelled", "0", "1", "cancelled"],
    ["Cancelled", "3", "0", "filled"],
    ["Inactive", "0", "1", "rejected"],
    ["Inactive", "1", "1", "cancelled"],
    ["Failed", null, null, "rejected"],
    ["Something new", null, null, null],
  ])("%s filled %s remaining %s means %s", (status, filled, remaining, says) => {
    expect(evidenceOfStatus(status, filled, remaining)).toBe(says);
  });
});
