import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { anOrder } from "../../../../test/support/orders.ts";
import {
  ACCOUNT,
  bookRow,
  json,
  notAnswered,
  type PcOrders,
  pcOrders,
} from "../../../../test/support/pc-orders.ts";
import { type CancelInput, cancelOrder } from "./cancel-order.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const input = (over: Partial<CancelInput> = {}): CancelInput => ({
  account_id: ACCOUNT,
  mode: "paper",
  coid: "ieg1-cancel",
  order_id: "11",
  order_ref: null,
  by: "agent",
  approval: null,
  ...over,
});
const cancel = (over: Partial<CancelInput> = {}, deadlineMs = 20_000) =>
  pc.finish(cancelOrder(pc.submit, pc.request(), pc.context({ deadlineMs }), input(over)));

/** An order of this PC's that stands at the broker under the number 11. */
function standing(over: Parameters<typeof anIntentRecord>[1] = {}) {
  const planned = anIntentRecord();
  const orders = planned.orders.map((order) => ({
    ...order,
    order_id: "11",
    state: "working" as const,
  }));
  const record = { ...planned, sent: true, state: "working" as const, orders, ...over };
  pc.store.insert(record);
  pc.store.save(record);
  return record;
}
const cancelled = () => {
  pc.broker.replies.push(json({ msg: "Request was submitted", order_id: 11, conid: -1 }));
  pc.broker.answers["iserver.order-status"] = {
    order_id: 11,
    order_status: "Cancelled",
    cum_fill: 0,
    size: 1,
  };
};
const book = (...orders: unknown[]) => {
  pc.broker.answers["iserver.orders"] = { orders, snapshot: true };
};
const rules = ({ refusals }: Awaited<ReturnType<typeof cancel>>) =>
  refusals.map(({ rule }) => rule);

describe("the cancel of an order of this PC's", () => {
  it("goes out without asking the broker first, and its end is read and written down", async () => {
    const record = standing();
    cancelled();
    const outcome = await cancel();
    expect(outcome).toMatchObject({
      action: "cancel",
      state: "cancelled",
      proved_by: "order_status",
    });
    expect(pc.broker.sent).toMatchObject([
      { method: "DELETE", path: `/v1/api/iserver/account/${ACCOUNT}/order/11` },
    ]);
    expect(pc.broker.asked).toEqual(["iserver.order-status"]);
    expect(pc.store.intent(record.coid)?.state).toBe("cancelled");
  });

  it("is stopped by neither the kill switch nor an order that waits", async () => {
    standing();
    cancelled();
    pc.local.engaged = true;
    await pc.submit.mutex.acquire(0);
    expect((await cancel()).state).toBe("cancelled");
  });

  it("goes out although this PC does not offer orders of the mode any more", async () => {
    standing();
    cancelled();
    pc.options.rules.policy = () => ({ offer: [], broker_accounts: null });
    expect((await cancel()).state).toBe("cancelled");
  });

  it("is found by its reference, too", async () => {
    const record = standing();
    cancelled();
    expect((await cancel({ order_id: null, order_ref: record.coid })).state).toBe("cancelled");
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("says that it was filled when it ended before", async () => {
    const record = standing({ state: "filled" });
    const outcome = await cancel({ order_id: null, order_ref: record.coid });
    expect(outcome).toMatchObject({ state: "filled", refusals: [] });
    expect(outcome.alerts[0]).toContain("filled before the cancel");
    expect(pc.broker.sent).toEqual([]);
  });
});

describe("the cancel of an order that is looked for in the broker's list", () => {
  it("is refused when the list does not show it, or shows that it ended", async () => {
    expect(rules(await cancel())).toEqual(["in_broker_list"]);
    book(bookRow({ status: "Cancelled" }));
    expect(rules(await cancel())).toEqual(["working"]);
    expect(pc.broker.sent).toEqual([]);
  });

  it("of somebody else needs an approval of its own", async () => {
    book(bookRow());
    const refused = await cancel();
    expect(refused.refusals).toMatchObject([
      { code: "FOREIGN_ORDER", rule: "approval_of_its_own" },
    ]);
    // An approval for something else is none.
    const { approval } = pc.approved();
    expect(rules(await cancel({ approval }))).toEqual(["approval_of_its_own"]);
    expect(pc.broker.sent).toEqual([]);
  });

  it("of somebody else goes out with an approval for exactly this cancel", async () => {
    book(bookRow());
    cancelled();
    const target = {
      order_id: "11",
      order_ref: null,
      foreign: true,
      filled_quantity: "0",
      before: anOrder().legs[0] ?? null,
    };
    if (target.before === null) throw new Error("no leg");
    const order = anOrder({ action: "cancel", target: { ...target, before: target.before } });
    const { approval } = pc.approved(order, 7);
    const outcome = await cancel({ approval });
    expect(outcome).toMatchObject({ state: "cancelled", refusals: [] });
    expect(pc.shown.join()).toContain("Cancel order 11: Buy 1 AAPL");
  });

  it("of this gateway by another PC goes out where it bears the reference that is named", async () => {
    const order_ref = `ieg1-${"0123456789abcdef".repeat(2)}`;
    const rows = [
      [bookRow({ order_ref })],
      [bookRow({ order_ref: `${order_ref}-b` })],
      [bookRow({ orderId: 10, order_ref }), bookRow({ parentId: 10, side: "SELL" })],
    ];
    for (const by of ["owner", "gateway", "agent"] as const) {
      for (const shown of rows) {
        book(...shown);
        cancelled();
        expect(await cancel({ order_ref, by })).toMatchObject({ state: "cancelled", refusals: [] });
      }
    }
    expect(pc.broker.sent).toHaveLength(9);
    for (const [shown, named] of [
      [order_ref, null],
      [order_ref, `ieg1-${"f".repeat(32)}`],
      ["by-another-program", "by-another-program"],
      [null, order_ref],
    ]) {
      book(bookRow({ order_ref: shown }));
      expect(rules(await cancel({ order_ref: named ?? null }))).toEqual(["approval_of_its_own"]);
    }
    expect(pc.broker.sent).toHaveLength(9);
  });

  it("of this gateway by another PC is found by its reference alone, every member of a group", async () => {
    const order_ref = `ieg1-${"0123456789abcdef".repeat(2)}`;
    book(
      bookRow({ order_ref: `${order_ref}-a` }),
      bookRow({ orderId: 12, order_ref: `${order_ref}-b` }),
      bookRow({ orderId: 13, order_ref: `${order_ref}-c`, status: "Filled" }),
      bookRow({ orderId: 14, order_ref: `ieg1-${"f".repeat(32)}` }),
      bookRow({ orderId: 15 }),
    );
    cancelled();
    pc.broker.replies.push(json({ msg: "Request was submitted", order_id: 12, conid: -1 }));
    const outcome = await cancel({ order_id: null, order_ref });
    expect(outcome).toMatchObject({ state: "cancelled", refusals: [] });
    expect(pc.broker.sent.map(({ path }) => path.split("/").at(-1))).toEqual(["11", "12"]);
    book(bookRow({ order_ref: null }));
    expect(rules(await cancel({ order_id: null, order_ref }))).toEqual(["in_broker_list"]);
    expect(pc.broker.sent).toHaveLength(2);
  });

  it("takes the exit of an own bracket for its own only when it is that leg", async () => {
    standing({ state: "filled" });
    book(bookRow({ conid: 999 }));
    expect((await cancel()).refusals[0]?.code).toBe("FOREIGN_ORDER");
    book(bookRow({ side: "SELL" }));
    expect((await cancel()).refusals[0]?.code).toBe("FOREIGN_ORDER");
    book(bookRow());
    cancelled();
    expect((await cancel()).state).toBe("cancelled");
  });
});

describe("the session of a cancel", () => {
  it("must be ready; the silence after a 429 is for the owner to break", async () => {
    standing();
    pc.broker.session = { ...pc.broker.session, state: "penalty_box" };
    await expect(cancel()).rejects.toThrow();
    expect(pc.broker.sent).toEqual([]);
    pc.broker.replies.push(json({ msg: "Request was submitted", order_id: 11, conid: -1 }));
    // Taken, and its effect not seen: only that is proved.
    expect((await cancel({ by: "owner" })).state).toBe("accepted");
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("must be of the mode that is named", async () => {
    standing();
    pc.broker.session = { ...pc.broker.session, mode: "live" };
    expect(rules(await cancel())).toEqual(["proved_by_broker"]);
  });

  it("refuses a cancel that names no order", async () => {
    expect(rules(await cancel({ order_id: null }))).toEqual(["number_or_reference"]);
  });

  it("fails and sends nothing when the list cannot be read", async () => {
    pc.broker.answers["iserver.orders"] = notAnswered();
    await expect(cancel()).rejects.toThrow("does not answer");
    expect(pc.broker.sent).toEqual([]);
  });
});
