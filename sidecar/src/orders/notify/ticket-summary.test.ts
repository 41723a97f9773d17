import { describe, expect, it } from "vitest";
import { aBracket, aLeg, anOrder, aTicket, NOW } from "../../../../test/support/orders.ts";
import { orderInWords } from "./ticket-summary.ts";

describe("an order in one line", () => {
  it.each([
    [
      "an order",
      anOrder(),
      "PAPER DU1234567: BUY 1 AAPL LMT, limit 187.25, DAY, at most 187.25 USD",
    ],
    [
      "a bracket with both exits",
      aBracket(),
      "PAPER DU1234567: BUY 10 AAPL LMT, limit 187.25, DAY, profit 200, stop 180, at most 187.25 USD",
    ],
    [
      "a live order by cash",
      anOrder({ mode: "live", legs: [aLeg({ quantity: null, cash_quantity: "500" })] }),
      "LIVE DU1234567: BUY 500 USD of AAPL LMT, limit 187.25, DAY, at most 187.25 USD",
    ],
    [
      "a trailing stop",
      anOrder({
        legs: [
          aLeg({
            side: "SELL",
            order_type: "TRAIL",
            limit_price: null,
            trailing: { offset: "2", unit: "percent" },
          }),
        ],
      }),
      "PAPER DU1234567: SELL 1 AAPL TRAIL, trailing 2 %, DAY, at most 187.25 USD",
    ],
  ])("tells %s", (_name, order, words) => {
    expect(orderInWords(aTicket(order))).toBe(words);
  });

  it("says of a group that one fill ends the others", () => {
    const legs = [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "180" })];
    expect(orderInWords(aTicket(anOrder({ structure: "oca", legs })))).toContain(
      "ONE OF 2, THE FIRST FILL ENDS THE OTHERS: BUY 1 AAPL LMT, limit 187.25, DAY | BUY 1",
    );
  });

  it("does not hide an unknown value, a wait, a change or a cancel", () => {
    expect(orderInWords(aTicket(anOrder(), { notional: null }))).toContain("value unknown");
    const waits = { until: NOW, time_zone: "UTC", owner_zone: null, session: "2026-11-20" };
    const words = orderInWords(aTicket(anOrder(), { waits }));
    expect(words.length).toBeGreaterThan(orderInWords(aTicket()).length);
    expect(orderInWords(aTicket(anOrder({ action: "modify" })))).toContain("CHANGE TO BUY");
    expect(orderInWords(aTicket(anOrder({ action: "cancel" }), { waits }))).toBe(
      orderInWords(aTicket(anOrder({ action: "cancel" }))),
    );
  });
});

it("says that the loss of a call sold to open has no bound", () => {
  const call = aTicket(anOrder(), { notional: "20250", uncovered_call: true });
  expect(orderInWords(call)).toContain(
    "NO BOUND TO THE LOSS (a call sold to open), counted as 20250 USD",
  );
  expect(orderInWords(aTicket())).toContain("at most 187.25 USD");
});
