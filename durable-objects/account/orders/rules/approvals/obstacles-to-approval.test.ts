import { describe, expect, it } from "vitest";
import { hoursAt, quoteAt } from "../../../../../test/support/closed-market.ts";
import { aLeg, anOrder, aTicket } from "../../../../../test/support/orders.ts";
import { movedAgainst } from "./obstacles-to-approval.ts";

const SATURDAY = "2026-11-21T15:00:00.000Z";
const { conid } = aLeg().contract;
const closedAt = (last: string) => quoteAt(SATURDAY, { conid, last });
const waits = hoursAt(SATURDAY).waits ?? null;
const now = (last: string) => ({ quote: closedAt(last), waits: true });

describe("the early warning of a price that moved", () => {
  const ticket = aTicket(anOrder({ legs: [aLeg({ side: "BUY" })] }), {
    market: closedAt("100"),
    waits,
  });

  it("compares the last prices of a closed market, which has no sides", () => {
    expect(closedAt("100")).toMatchObject({ bid: null, ask: null, reference: { price: "100" } });
    expect(movedAgainst(ticket, now("100"), "50")).toEqual([]);
    expect(movedAgainst(ticket, now("100.5"), "50")).toEqual([]);
    expect(movedAgainst(ticket, now("101"), "50")).toEqual([
      expect.stringContaining("from 100 to 101"),
    ]);
  });

  it("says nothing where the price cannot be told, or moved in the owner's favour", () => {
    expect(movedAgainst(ticket, { quote: null, waits: true }, "50")).toEqual([]);
    expect(movedAgainst(ticket, now("90"), "50")).toEqual([]);
  });
});
