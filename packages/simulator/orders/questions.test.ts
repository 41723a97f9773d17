import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, PAPER, startBench } from "../testing/client.ts";
import {
  AAPL,
  listed,
  postOrders,
  postReply,
  readyToTrade,
  resting,
  row,
  SPY,
  submitAll,
} from "./testing.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
  await readyToTrade(bench);
});
afterEach(() => bench.close());

describe("a question before an order", () => {
  it.each([
    ["a limit far below the market", resting({ price: 90 }), ["o163"]],
    ["a limit far above it, which is capped", resting({ price: 110 }), ["o163", "o10153"]],
    ["a market order", resting({ orderType: "MKT", price: undefined, tif: "DAY" }), ["o10151"]],
    [
      "a stop",
      resting({ orderType: "STP", side: "SELL", price: 95, tif: "DAY" }),
      ["o10152", "o10331"],
    ],
    ["a large size of large value", resting({ quantity: 5_001 }), ["o383", "o451"]],
    ["more than the position", resting({ side: "SELL", price: 101, quantity: 26 }), ["o2137"]],
    ["no market data", resting({ conid: 38708077, price: 4500, quantity: 1 }), ["o354"]],
    ["nothing out of the way", resting(), []],
  ])("is asked of %s", async (_name, order, ids) => {
    if (order.conid === 38708077) bench.control.pin(38708077, { last: 4500 });
    expect((await submitAll(bench, order)).asked).toEqual(ids);
  });

  it("comes with an id that is no order id, options, and a text that may hold HTML", async () => {
    const asked = await postOrders(bench, resting({ orderType: "MKT", tif: "DAY" }));
    expect(asked.status).toBe(200);
    expect(row(asked)).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      message: [expect.stringContaining("<h4>")],
      messageIds: ["o10151"],
      messageOptions: ["Yes", "No"],
      isSuppressed: false,
    });
    expect(Array.isArray(asked.json)).toBe(true);
    bench.control.change({ questions: { shape: "object" } });
    expect(
      Array.isArray((await postOrders(bench, resting({ orderType: "MKT", tif: "DAY" }))).json),
    ).toBe(false);
  });

  it("lowers the price of an order whose cap was agreed to", async () => {
    const { id } = await submitAll(bench, resting({ price: 110, cOID: "capped" }));
    expect(
      bench.control
        .orders()
        .find((order) => order.id === id)
        ?.price?.toString(),
    ).toBe("102");
  });

  it("places nothing until it is answered, and nothing when it is declined", async () => {
    const asked = await postOrders(bench, resting({ price: 90 }));
    expect(bench.control.orders()).toEqual([]);
    const declined = await postReply(bench, asked, false);
    expect([declined.status, declined.json]).toEqual([
      400,
      { error: "Order not confirmed", statusCode: 400 },
    ]);
    expect(bench.control.orders()).toEqual([]);
    expect(await postReply(bench, asked)).toMatchObject({
      status: 400,
      json: { error: expect.stringContaining("reply id not found") },
    });
  });

  it("wants a boolean", async () => {
    const asked = await postOrders(bench, resting({ price: 90 }));
    expect((await postReply(bench, asked, "true")).status).toBe(500);
    expect(row(await postReply(bench, asked)).order_id).toBeDefined();
  });

  it("lapses", async () => {
    const asked = await postOrders(bench, resting({ price: 90 }));
    await bench.control.advance(60_000);
    expect((await postReply(bench, asked)).status).toBe(400);
    expect(bench.control.orders()).toEqual([]);
  });

  it("does not outlive the brokerage session", async () => {
    const asked = await postOrders(bench, resting({ price: 90 }));
    bench.control.evict();
    await bench.post("/iserver/auth/ssodh/init", { publish: true, compete: true });
    await bench.control.advance(1_000);
    await bench.get("/iserver/accounts");
    expect((await postReply(bench, asked)).status).toBe(400);
  });

  it("is void once another order is submitted, which is told as 503 or 400", async () => {
    const first = await postOrders(bench, resting({ price: 90, cOID: "one" }));
    const second = await postOrders(bench, resting({ price: 91, cOID: "two" }));
    expect((await postReply(bench, first)).status).toBe(503);
    expect(row(await postReply(bench, second)).local_order_id).toBe("two");
    bench.control.change({ questions: { invalidatedStatus: 400 } });
    expect((await postReply(bench, first)).status).toBe(400);
    await bench.control.advance(3_600_000);
    expect(bench.control.orders().map(({ ref }) => ref)).toEqual(["two"]);
  });

  it("pushed aside may go live all the same, later, when told so", async () => {
    bench.control.change({ questions: { invalidatedGoesLiveMs: 30_000 } });
    await postOrders(bench, resting({ price: 90, cOID: "ghost" }));
    await submitAll(bench, resting({ cOID: "second" }));
    expect(bench.control.orders().map(({ ref }) => ref)).toEqual(["second"]);
    await bench.control.advance(30_000);
    expect(bench.control.orders().map(({ ref }) => ref)).toEqual(["second", "ghost"]);
  });

  it("is not asked while suppressed, nor shown by the what-if, until the session is new", async () => {
    const body = { orders: [resting({ orderType: "MKT", tif: "DAY", price: undefined })] };
    const whatif = async (): Promise<unknown> =>
      row(await bench.post(`/iserver/account/${PAPER}/orders/whatif`, body)).warn;
    expect(await whatif()).toMatch(/^21\/<h4>/);
    expect(
      (await bench.post("/iserver/questions/suppress", { messageIds: ["o10151"] })).json,
    ).toEqual({ status: "submitted" });
    expect(await whatif()).toBeNull();
    expect((await submitAll(bench, body.orders[0] ?? {})).asked).toEqual([]);
    await bench.post("/iserver/questions/suppress/reset");
    expect(await whatif()).toMatch(/^21\//);
  });

  it("may be one nobody has heard of, or text alone whose Yes cancels other orders", async () => {
    const { id } = await submitAll(bench, resting({ cOID: "victim" }));
    await bench.control.advance(1_000);
    bench.control.change({
      questions: { extra: [{ id: "o99999", text: "Something new." }], cancelOthers: true },
    });
    expect((await submitAll(bench, resting({ cOID: "next" }))).asked).toEqual([
      "o99999",
      "undefined",
    ]);
    await bench.control.advance(1_000);
    expect((await listed(bench)).get(id)?.status).toBe("Cancelled");
  });

  it("p12 is asked when told so", async () => {
    bench.control.change({ questions: { priceManagement: true } });
    expect((await submitAll(bench, resting())).asked).toEqual(["p12"]);
  });

  it("may be a prompt that is settled elsewhere", async () => {
    bench.control.change({
      questions: { advancedReject: "The exchange asks for a confirmation." },
    });
    const prompt = row(await postOrders(bench, resting({ cOID: "prompted" })));
    expect(prompt).toMatchObject({
      prompt: true,
      options: ["Transmit", "Cancel"],
      text: "The exchange asks for a confirmation.",
    });
    await bench.control.advance(1_000);
    expect((await listed(bench)).get(Number(prompt.orderId))?.status).toBe("Inactive");
    const settled = await bench.post("/iserver/notification", {
      orderId: prompt.orderId,
      reqId: prompt.reqId,
      text: "Transmit",
    });
    expect(settled.json).toBe("Request was submitted");
    await bench.control.advance(1_000);
    expect((await listed(bench)).get(Number(prompt.orderId))?.status).toBe("Submitted");
  });
});

describe("an order that is not good", () => {
  const cases: [string, Record<string, unknown>, number, string][] = [
    ["no contract", { conid: undefined }, 400, "conid or conidex is required"],
    ["an unknown contract", { conid: 1 }, 200, "no sec defs returned"],
    ["a side in small letters", { side: "buy" }, 400, "Invalid Side (must be 'BUY' or 'SELL')"],
    ["an unknown type", { orderType: "XYZ" }, 400, "Unknown order type"],
    ["no time in force", { tif: undefined }, 200, "null time in force is not supported"],
    ["a time in force of other markets", { tif: "PAX" }, 200, "PAX time in force is not supported"],
    ["a limit without a price", { price: undefined }, 200, "Invalid order price fields"],
    ["a price off the tick", { price: 98.005 }, 200, "minimum price variation of 0.01"],
    ["a quantity of zero", { quantity: 0 }, 400, "Invalid quantity"],
    ["a negative quantity", { quantity: -5 }, 400, "Invalid quantity"],
    ["a quantity as text", { quantity: "10" }, 400, "failed to parse JSON body"],
    [
      "a market order outside the hours",
      { orderType: "MKT", outsideRTH: true },
      200,
      "Outside Regular Trading Hours",
    ],
    [
      "a limit beyond all reason",
      { price: 160 },
      200,
      "We cannot accept an order at the limit price",
    ],
    [
      "a cash quantity on a sale",
      { side: "SELL", cashQty: 100, quantity: undefined },
      200,
      "Cash order quantity can not be set for sell order",
    ],
    ["another account than the path's", { acctId: "U0000001" }, 400, "accountId is not valid"],
    ["a cOID that is too long", { cOID: "x".repeat(65) }, 400, "cOID is too long"],
  ];
  it.each(cases)("with %s is refused", async (_name, change, status, text) => {
    const answer = await postOrders(bench, resting(change));
    expect(answer.status).toBe(status);
    expect(String(row(answer).error)).toContain(text);
    expect(bench.control.orders()).toEqual([]);
  });

  it("as a stop by auxPrice alone gets an empty 200", async () => {
    const answer = await postOrders(
      bench,
      resting({ orderType: "STP", price: undefined, auxPrice: 95 }),
    );
    expect([answer.status, answer.text]).toEqual([200, ""]);
    expect(bench.control.orders()).toEqual([]);
  });

  it("of futures wants the person behind it", async () => {
    const future = bench.control.world() && (await bench.get("/trsrv/futures?symbols=ES")).json;
    const conid =
      typeof future === "object" && future !== null && "ES" in future && Array.isArray(future.ES)
        ? future.ES[0].conid
        : 0;
    const order = { conid, side: "BUY", orderType: "LMT", tif: "DAY", quantity: 1, price: 6700 };
    expect(String(row(await postOrders(bench, order)).error)).toContain("manualIndicator");
    expect(
      row(await postOrders(bench, { ...order, manualIndicator: true, extOperator: "me" })).error,
    ).toBeUndefined();
  });

  it("before the session is established has no valid account", async () => {
    bench.control.evict();
    bench.control.change({ coldReads: { accountsFirst: false } });
    await bench.post("/iserver/auth/ssodh/init", { publish: true, compete: true });
    const early = await postOrders(bench, resting());
    expect([early.status, String(row(early).error)]).toEqual([
      400,
      `accountId is not valid: ${PAPER}`,
    ]);
    await bench.control.advance(1_000);
    expect(row(await postOrders(bench, resting())).order_id).toBeDefined();
  });

  it("beyond the account's means is accepted, and then shown as Inactive", async () => {
    const { id } = await submitAll(bench, {
      conid: SPY,
      side: "BUY",
      orderType: "MKT",
      tif: "DAY",
      quantity: 90_000,
    });
    await bench.control.advance(1_000);
    expect((await listed(bench)).get(id)).toMatchObject({
      status: "Inactive",
      order_ccp_status: "Rejected",
    });
    const whatif = row(
      await bench.post(`/iserver/account/${PAPER}/orders/whatif`, {
        orders: [
          { conid: AAPL, side: "BUY", orderType: "LMT", tif: "DAY", price: 100, quantity: 90_000 },
        ],
      }),
    );
    expect(String(whatif.error)).toContain("INITIAL MARGIN");
  });
});
