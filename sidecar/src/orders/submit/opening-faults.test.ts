import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { describe, expect, it } from "vitest";
import { AT, hoursAt } from "../../../../test/support/closed-market.ts";
import { aBracket, anOrder, aTicket } from "../../../../test/support/orders.ts";
import { openingFaults } from "./local-checks.ts";

/** Minutes after the close, and no word of it from the edge: the PC compares with its own reads. */
const entry = { kind: "entry", position: "0", working_same_side: "0", at: AT.after_hours } as const;
const judged = (order: CanonicalOrder, effect: typeof entry | { kind: "exit" } = entry) =>
  openingFaults(aTicket(order, { waits: null }), {
    effect: { ...entry, ...effect },
    hours: hoursAt(AT.after_hours),
    rate: "1",
  });

describe("an entry approved for today, at this PC after the close", () => {
  it.each([
    ["a new order", anOrder()],
    ["a change", anOrder({ action: "modify" })],
    ["a bracket", aBracket()],
  ])("is refused: %s", (_, order) => {
    expect(judged(order)).toMatchObject([
      { code: "NOT_TRADABLE_NOW", message: expect.stringContaining("The market closed since") },
    ]);
  });

  it("is no reason against an exit or a cancel", () => {
    expect(judged(anOrder(), { kind: "exit" })).toEqual([]);
    expect(judged(anOrder({ action: "cancel" }))).toEqual([]);
  });

  it("passes where it waits for the session that was read, or its hours are not known", () => {
    const waits = hoursAt(AT.after_hours).waits ?? null;
    const facts = { effect: entry, hours: hoursAt(AT.after_hours), rate: "1" };
    expect(openingFaults(aTicket(anOrder(), { waits }), facts)).toEqual([]);
    const unknown = { effect: entry, hours: hoursAt(AT.after_hours, false, null), rate: "1" };
    expect(openingFaults(aTicket(anOrder(), { waits: null }), unknown)).toEqual([]);
  });
});
