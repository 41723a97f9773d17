import { expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { aBracket, aTicket } from "../../../../test/support/orders.ts";
import { type IntentRecord, plannedOrders } from "../journal/intent-record.ts";
import { cancelWords } from "./cancel-words.ts";

function bracket(entry: Partial<IntentRecord["orders"][number]> = {}): IntentRecord {
  const ticket = aTicket(aBracket());
  const record = anIntentRecord(0, { ticket, state: "working" });
  const orders = plannedOrders(ticket.order, record.coid).map((order, index) => ({
    ...order,
    order_id: String(11 + index),
    state: "working" as const,
    filled: "0",
    ...(index === 0 ? entry : {}),
  }));
  return { ...record, orders };
}

it("names the leg that is cancelled, and says that it is a stop", () => {
  const { lines, takesStop } = cancelWords("13", bracket(), null);
  expect(takesStop).toBe(true);
  expect(lines[0]).toBe(
    "Cancel order 13: Sell 10 AAPL at the market once 180 USD is reached, today only",
  );
  expect(lines).toContain("It is: the stop loss of its group");
  expect(lines.join()).toContain("Protection: this is a stop");
});

it("of a target, or an entry that has not filled, takes no stop of a position", () => {
  expect(cancelWords("12", bracket(), null).takesStop).toBe(false);
  expect(cancelWords("11", bracket(), null).takesStop).toBe(false);
  expect(cancelWords("11", bracket({ filled: null }), null).takesStop).toBe(false);
});

it("of an entry that filled in part takes the stop with it", () => {
  const { lines, takesStop } = cancelWords("11", bracket({ state: "partially_filled" }), null);
  expect(takesStop).toBe(true);
  expect(lines.at(-1)).toBe("Protection: its stop goes with it, and part of it has filled");
});

it("of an order that nobody here knows says its number", () => {
  expect(cancelWords("99", null, null)).toEqual({
    lines: ["Order 99 at the broker"],
    takesStop: false,
  });
});
