import { expect, it } from "vitest";
import { ACCOUNT, bookRow, pcOrders } from "../../../test/support/pc-orders.ts";
import { ORDER_LIST_ROWS_MAX } from "../client-portal/endpoints/orders.ts";
import { readOrders } from "./live-orders.ts";
import { resolveAccount } from "./resolve-account.ts";

async function listOf(rows: number) {
  const pc = pcOrders();
  pc.broker.answers["iserver.orders"] = {
    orders: Array.from({ length: rows }, (_, n) => bookRow({ orderId: n + 1 })),
    snapshot: true,
  };
  const context = pc.context();
  return readOrders(context, await resolveAccount(context, ACCOUNT));
}

it("proves nothing by a list as long as the broker makes one, and says so", async () => {
  const cut = await listOf(ORDER_LIST_ROWS_MAX);
  expect(cut).toMatchObject({ proved: false, lost: 0 });
  expect(cut.orders).toHaveLength(ORDER_LIST_ROWS_MAX);
  expect(cut.notes).toEqual([
    "The broker lists 1000 orders at most and listed that many: others may be missing here.",
  ]);
  // As a row of which nothing could be read: entries are not judged by such a book.
  expect(cut.unread).toEqual([{ order_id: null, conid: null, side: null, remaining: null }]);
  const whole = await listOf(ORDER_LIST_ROWS_MAX - 1);
  expect(whole).toMatchObject({ proved: true, notes: [], unread: [] });
});
