import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, PAPER, startBench } from "../testing/client.ts";
import {
  AAPL,
  listed,
  orderStatusOf,
  postOrders,
  readyToTrade,
  resting,
  row,
  submitAll,
} from "./testing.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await readyToTrade(bench);
});
afterEach(() => bench.close());

const order = (id: number) => {
  const found = bench.control.orders().find((one) => one.id === id);
  if (found === undefined) throw new Error(`no order ${id}`);
  return found;
};
const MARKET = { orderType: "MKT", price: undefined, tif: "DAY" };

async function held(conid: number): Promise<Record<string, unknown> | undefined> {
  const { json } = await bench.get(`/portfolio2/${PAPER}/positions`);
  return Array.isArray(json) ? json.find((one) => one.conid === String(conid)) : undefined;
}

describe("an accepted order", () => {
  it("is pending, then with the broker, then working; and echoes its reference", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "mine-1" }));
    expect(await orderStatusOf(bench, id)).toBe("PendingSubmit");
    await bench.control.advance(250);
    expect((await listed(bench)).get(id)).toMatchObject({
      status: "Submitted",
      order_ref: "mine-1",
      price: "98",
      filledQuantity: 0,
    });
  });

  it("fills in pieces at the market, and shows no price and CLOSE when it is done", async () => {
    const before = Number((await held(AAPL))?.position);
    const { id } = await submitAll(bench, resting({ ...MARKET, quantity: 30, cOID: "fill" }));
    await bench.control.advance(10_000);
    expect((await listed(bench)).get(id)).toMatchObject({
      status: "Filled",
      price: "",
      timeInForce: "CLOSE",
      filledQuantity: 30,
      remainingQuantity: 0,
      avgPrice: "100.01",
    });
    expect((await held(AAPL))?.position).toBe(before + 30);
    const trades = (await bench.get("/iserver/account/trades")).json;
    const mine = Array.isArray(trades) ? trades.filter((one) => one.order_ref === "fill") : [];
    expect(mine.reduce((sum, one) => sum + one.size, 0)).toBe(30);
    expect(new Set(mine.map((one) => one.execution_id)).size).toBe(mine.length);
    expect(mine.every((one) => one.side === "B" && one.price === "100.01")).toBe(true);
  });

  it("shows partial fills as Submitted with something filled", async () => {
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(500);
    bench.control.fillOrder(id, 4, 98);
    expect((await listed(bench)).get(id)).toMatchObject({
      status: "Submitted",
      filledQuantity: 4,
      remainingQuantity: 6,
      sizeAndFills: "4/6",
    });
  });

  it("rests until the market comes to it", async () => {
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(60_000);
    expect(order(id).status).toBe("Submitted");
    bench.control.pin(AAPL, { last: 97.5, bid: 97.49, ask: 97.51 });
    await bench.control.advance(10_000);
    expect(order(id)).toMatchObject({ status: "Filled" });
    expect(order(id).averagePrice.toString()).toBe("97.51");
  });

  it.each([
    ["a stop", { orderType: "STP", side: "SELL", price: 99 }, 99.5, 98.9],
    [
      "a stop limit",
      { orderType: "STOP_LIMIT", side: "SELL", price: 98, auxPrice: 99 },
      99.5,
      98.9,
    ],
    [
      "a trailing stop",
      { orderType: "TRAIL", side: "SELL", price: undefined, trailingAmt: 2, trailingType: "amt" },
      98.5,
      97.9,
    ],
  ])("as %s waits for its trigger", async (_name, change, near, beyond) => {
    const { id } = await submitAll(bench, resting({ ...change, tif: "DAY" }));
    const move = async (last: number): Promise<void> => {
      bench.control.pin(AAPL, { last, bid: last - 0.01, ask: last + 0.01 });
      await bench.control.advance(5_000);
    };
    await bench.control.advance(1_000);
    await move(near);
    expect(order(id).status).toBe("PreSubmitted");
    await move(beyond);
    expect(order(id).status).toBe("Filled");
  });

  it("trails behind a rising market and never falls back", async () => {
    const { id } = await submitAll(
      bench,
      resting({
        orderType: "TRAIL",
        side: "SELL",
        price: undefined,
        trailingAmt: 1,
        trailingType: "%",
        tif: "DAY",
      }),
    );
    for (const last of [100, 110, 109.5]) {
      bench.control.pin(AAPL, { last, bid: last - 0.01, ask: last + 0.01 });
      await bench.control.advance(2_000);
    }
    expect(order(id).trailStop?.toString()).toBe("108.9");
  });

  it("of the day ends with the day; until cancelled does not, and survives every loss of session", async () => {
    const day = await submitAll(bench, resting({ tif: "DAY", cOID: "day" }));
    const lasting = await submitAll(bench, resting({ cOID: "lasting" }));
    await bench.control.advance(24 * 3_600_000);
    expect([order(day.id).status, order(lasting.id).status]).toEqual(["Cancelled", "Submitted"]);
    expect(bench.control.world().sso.phase).toBe("dead");
    bench.control.logIn(true);
    await bench.control.advance(4_000);
    await bench.get("/iserver/accounts");
    await bench.get("/iserver/account/orders");
    const rows = await listed(bench);
    expect([rows.has(day.id), rows.get(lasting.id)?.status]).toEqual([false, "Submitted"]);
  });

  it("immediate or cancelled fills in part and ends as Cancelled, or does nothing", async () => {
    const part = await submitAll(bench, resting({ tif: "IOC", price: 101, quantity: 10 }));
    const none = await submitAll(bench, resting({ tif: "IOC", price: 98 }));
    await bench.control.advance(5_000);
    expect(order(part.id)).toMatchObject({ status: "Cancelled" });
    expect([order(part.id).filled.toString(), order(none.id).filled.toString()]).toEqual([
      "5",
      "0",
    ]);
  });

  it("outside the liquid hours waits, unless it may trade there", async () => {
    await bench.control.advance(7 * 3_600_000);
    const waits = await submitAll(bench, resting({ price: 101, cOID: "waits" }));
    const trades = await submitAll(
      bench,
      resting({ price: 101, outsideRTH: true, cOID: "trades" }),
    );
    await bench.control.advance(60_000);
    expect([order(waits.id).status, order(trades.id).status]).toEqual(["PreSubmitted", "Filled"]);
  });
});

it("an order until cancelled is ended by the broker when the next quarter is over", async () => {
  const { id } = await submitAll(bench, resting());
  await bench.control.advance(1_000);
  const ends = new Date(order(id).expiresAt);
  expect(ends.toISOString()).toBe("2026-10-01T04:00:00.000Z");
});

describe("a cancel", () => {
  const cancel = (id: number | string) =>
    bench.call("DELETE", `/iserver/account/${PAPER}/order/${id}`);

  it("is acknowledged at once and done later", async () => {
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(500);
    expect((await cancel(id)).json).toEqual({
      msg: "Request was submitted",
      order_id: id,
      conid: -1,
      account: null,
    });
    expect(await orderStatusOf(bench, id)).toBe("PendingCancel");
    await bench.control.advance(300);
    expect(await orderStatusOf(bench, id)).toBe("Cancelled");
    expect(await cancel(id)).toMatchObject({ status: 400, json: { error: "Order is inactive" } });
  });

  it("may lose the race against the fill", async () => {
    bench.control.change({ orderLife: { cancelLosesRace: true } });
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(500);
    await cancel(id);
    await bench.control.advance(300);
    expect((await listed(bench)).get(id)).toMatchObject({ status: "Filled", filledQuantity: 10 });
  });

  it("of an unknown order says so; of -1 cancels all", async () => {
    expect(await cancel(12345)).toMatchObject({
      status: 400,
      json: { error: "OrderID 12345 doesn't exist" },
    });
    const ids = [];
    for (const cOID of ["a", "b"]) ids.push((await submitAll(bench, resting({ cOID }))).id);
    await bench.control.advance(500);
    await cancel(-1);
    await bench.control.advance(500);
    expect(ids.map((id) => order(id).status)).toEqual(["Cancelled", "Cancelled"]);
  });
});

describe("a modification", () => {
  const change = (id: number, body: unknown) =>
    bench.post(`/iserver/account/${PAPER}/order/${id}`, body);

  it("restates the bare order under the same id, after a question", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "orig" }));
    await bench.control.advance(500);
    const asked = await change(id, resting({ price: 98.5 }));
    expect(row(asked).messageIds).toEqual(["o10138"]);
    const done = await bench.post(`/iserver/reply/${String(row(asked).id)}`, { confirmed: true });
    expect(row(done).order_id).toBe(String(id));
    await bench.control.advance(500);
    expect((await listed(bench)).get(id)).toMatchObject({
      price: "98.5",
      status: "Submitted",
      order_ref: "orig",
    });
  });

  it("wrapped in a list, of a finished order, or of another side is refused", async () => {
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(500);
    expect((await change(id, { orders: [resting()] })).status).toBe(400);
    expect(row(await change(id, resting({ side: "SELL" }))).error).toContain("cannot be modified");
    bench.control.cancelBySystem(id, "exchange");
    expect(row(await change(id, resting({ price: 97 }))).error).toContain("no longer working");
    expect((await change(1, resting())).status).toBe(400);
  });
});

describe("what the broker does of its own accord", () => {
  it("cancels with a reason, rejects as Inactive, and shows orders of other programs", async () => {
    const { id } = await submitAll(bench, resting());
    await bench.control.advance(500);
    bench.control.cancelBySystem(id, "Order was cancelled by the exchange");
    expect((await listed(bench)).get(id)).toMatchObject({
      status: "Cancelled",
      order_cancellation_by_system_reason: "Order was cancelled by the exchange",
    });
    const foreign = bench.control.foreignOrder(PAPER, resting(), "mobile");
    await bench.control.advance(500);
    const shown = (await listed(bench)).get(foreign.id);
    expect(shown).toMatchObject({ status: "Submitted" });
    expect(shown).not.toHaveProperty("order_ref");
    bench.control.rejectOrder(foreign.id, "no");
    expect(await orderStatusOf(bench, foreign.id)).toBe("Inactive");
  });
});

describe("a bracket", () => {
  const parent = resting({ cOID: "P", price: 101, tif: "DAY" });
  const target = resting({ parentId: "P", side: "SELL", price: 102 });
  const stop = resting({ parentId: "P", side: "SELL", orderType: "STP", price: 95 });
  beforeEach(() => bench.control.change({ questions: { enabled: false } }));

  it("answers a child first, holds the exits until the entry is filled, and ends one exit with the other", async () => {
    const answered = await postOrders(bench, parent, target, stop);
    const rows = Array.isArray(answered.json) ? answered.json : [];
    expect(rows[0].parent_order_id).toBeDefined();
    expect(rows).toHaveLength(3);
    const [entry, exit, guard] = bench.control.orders();
    expect(exit?.parent).toBe(entry?.id);
    expect(exit?.group).toBe(guard?.group);
    await bench.control.advance(200);
    expect([exit?.status, guard?.status]).toEqual(["PendingSubmit", "PendingSubmit"]);
    await bench.control.advance(10_000);
    expect([entry?.status, exit?.status, guard?.status]).toEqual([
      "Filled",
      "Submitted",
      "PreSubmitted",
    ]);
    bench.control.pin(AAPL, { last: 94, bid: 93.99, ask: 94.01 });
    await bench.control.advance(10_000);
    expect([exit?.status, guard?.status]).toEqual(["Cancelled", "Filled"]);
  });

  it("holds exits that could be filled, and ends them with an entry that never was", async () => {
    // The target could be sold at once; the entry must come first.
    await postOrders(bench, { ...parent, price: 98 }, { ...target, price: 99 }, stop);
    await bench.control.advance(10_000);
    const [entry, ...exits] = bench.control.orders();
    expect(exits.map(({ status }) => status)).toEqual(["PreSubmitted", "PreSubmitted"]);
    await bench.call("DELETE", `/iserver/account/${PAPER}/order/${entry?.id}`);
    await bench.control.advance(1_000);
    expect(bench.control.orders().map(({ status }) => status)).toEqual([
      "Cancelled",
      "Cancelled",
      "Cancelled",
    ]);
  });

  it.each([
    ["parent-inactive", ["Inactive"], ["-1", "-1"]],
    ["child-refused", ["Filled", "PreSubmitted"], ["-1"]],
  ] as const)("broken as %s is not taken as a whole", async (mode, statuses, refused) => {
    bench.control.change({ brackets: { mode } });
    const answered = await postOrders(bench, parent, target, stop);
    const rows = Array.isArray(answered.json) ? answered.json : [];
    const failed = rows.filter((one) => one.order_status === "Failed");
    expect(failed.map((one) => one.order_id)).toEqual(refused);
    await bench.control.advance(10_000);
    expect(bench.control.orders().map(({ status }) => status)).toEqual(statuses);
  });

  it("may fail altogether", async () => {
    bench.control.change({ brackets: { mode: "error" } });
    expect(row(await postOrders(bench, parent, target, stop)).error).toBeDefined();
    expect(bench.control.orders()).toEqual([]);
  });
});

it("of a group of which one shall fill, the fill of one cancels the others", async () => {
  bench.control.change({ questions: { enabled: false } });
  await postOrders(
    bench,
    resting({ cOID: "g1", isSingleGroup: true, price: 101 }),
    resting({ cOID: "g2", isSingleGroup: true }),
  );
  await bench.control.advance(10_000);
  expect(bench.control.orders().map(({ status }) => status)).toEqual(["Filled", "Cancelled"]);
});

describe("the same cOID again", () => {
  const REGISTERED = "Order couldn't be submitted: Local order ID=dup is already registered.";

  it("is refused inside a 200, or with 400, whatever became of the first", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "dup" }));
    expect(await postOrders(bench, resting({ cOID: "dup" }))).toMatchObject({
      status: 200,
      json: { error: REGISTERED },
    });
    bench.control.cancelBySystem(id, "x");
    bench.control.change({ duplicates: { status: 400 } });
    expect(await postOrders(bench, resting({ cOID: "dup" }))).toMatchObject({
      status: 400,
      json: { error: REGISTERED },
    });
    expect(bench.control.orders()).toHaveLength(1);
  });

  it("is free again after a day, or after a cancel when told so", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "dup" }));
    bench.control.change({ duplicates: { freedAfterEnd: true } });
    expect(row(await postOrders(bench, resting({ cOID: "dup" }))).error).toBe(REGISTERED);
    bench.control.cancelBySystem(id, "x");
    expect(row(await postOrders(bench, resting({ cOID: "dup" }))).order_id).toBeDefined();
    bench.control.change({
      duplicates: { freedAfterEnd: false },
      resets: { midnight: false, nightly: false },
    });
    await bench.control.advance(24 * 3_600_000);
    expect(row(await postOrders(bench, resting({ cOID: "dup" }))).order_id).toBeDefined();
  });

  it("counts from the first post, or from the confirmation when told so", async () => {
    await postOrders(bench, resting({ cOID: "dup", price: 90 }));
    expect(row(await postOrders(bench, resting({ cOID: "dup", price: 90 }))).error).toBe(
      REGISTERED,
    );
    bench.control.change({ duplicates: { registerAt: "confirmed" } });
    await postOrders(bench, resting({ cOID: "other", price: 90 }));
    expect(row(await postOrders(bench, resting({ cOID: "other", price: 90 }))).messageIds).toEqual([
      "o163",
    ]);
  });
});

describe("the slow portfolio", () => {
  it("trails a fill by seconds, the ledger and the fast one do not, and invalidating catches up", async () => {
    const quantityOf = async (): Promise<unknown> => {
      const { json } = await bench.get(`/portfolio/${PAPER}/position/${AAPL}`);
      return Array.isArray(json) ? json[0].position : undefined;
    };
    const before = await quantityOf();
    await submitAll(bench, resting({ ...MARKET, quantity: 5 }));
    await bench.control.advance(3_000);
    expect(await quantityOf()).toBe(before);
    expect((await held(AAPL))?.position).toBe(Number(before) + 5);
    await bench.post(`/portfolio/${PAPER}/positions/invalidate`);
    expect(await quantityOf()).toBe(Number(before) + 5);
  });
});
