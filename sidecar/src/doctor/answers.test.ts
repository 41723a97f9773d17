import { expect, it } from "vitest";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import { countUnread, createUnreadTally, noteUnread } from "../client-portal/unreadable-values.ts";
import { checkAnswers } from "./session.ts";

it("what could not be read is counted for the answer that held it, and doctor says of which", () => {
  const tally = createUnreadTally();
  const body = { orders: [{ orderId: 1, price: "a lot", side: {}, auxPrice: "", totalSize: -1 }] };
  const { value, unread } = countUnread(() => liveOrders().decode(body));
  expect(value.orders).toMatchObject([{ orderId: "1", price: null, side: null, auxPrice: null }]);
  // The empty price and the size of -1 are the broker's ways of saying that there is none.
  expect(unread).toBe(2);
  tally.note("iserver.orders", unread);
  tally.note("iserver.trades", 0);
  expect(tally.list()).toEqual([{ question: "iserver.orders", values: 2 }]);
  expect(checkAnswers(tally.list())).toMatchObject({
    verdict: "unknown",
    says: expect.stringContaining("2 values could not be read (2 of iserver.orders)"),
  });
  expect(checkAnswers([])).toMatchObject({ verdict: "ok" });
});

it("counts for the innermost decoding, and outside of any for none", () => {
  noteUnread();
  const outer = countUnread(() => {
    noteUnread();
    return countUnread(() => noteUnread()).unread;
  });
  expect(outer).toEqual({ value: 1, unread: 1 });
});
