import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, PAPER, startBench } from "../testing/client.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await startBench();
});
afterEach(() => bench.close());

const FIRST = { error: "Bad Request: Please query /accounts first" };

describe("what must come first", () => {
  it("is /iserver/accounts for orders and quotes, as a 400 or a 500", async () => {
    const paths = [
      "/iserver/account/orders",
      "/iserver/account/trades",
      "/iserver/marketdata/snapshot?conids=265598&fields=31",
    ];
    for (const path of paths)
      expect(await bench.get(path)).toMatchObject({ status: 400, json: FIRST });
    bench.control.change({ coldReads: { accountsFirstStatus: 500 } });
    expect(await bench.get("/iserver/account/orders")).toMatchObject({ status: 500, json: FIRST });
    await bench.get("/iserver/accounts");
    for (const path of paths) expect((await bench.get(path)).status).toBe(200);
  });

  it("is /portfolio/accounts for the portfolio", async () => {
    expect(await bench.get(`/portfolio/${PAPER}/ledger`)).toMatchObject({
      status: 400,
      json: FIRST,
    });
    await bench.get("/portfolio/accounts");
    expect((await bench.get(`/portfolio/${PAPER}/ledger`)).status).toBe(200);
  });

  it("is a search before strikes and info, and one by symbol", async () => {
    const strikes = "/iserver/secdef/strikes?conid=756733&sectype=OPT&month=APR26";
    const info = "/iserver/secdef/info?conid=756733&sectype=OPT&month=APR26&strike=650&right=C";
    expect((await bench.get(strikes)).json).toEqual({ call: [], put: [] });
    expect((await bench.get(info)).status).toBe(400);
    await bench.get("/iserver/secdef/search?symbol=SPDR&name=true");
    expect((await bench.get(strikes)).json).toEqual({ call: [], put: [] });
    await bench.get("/iserver/secdef/search?symbol=SPY");
    const found = (await bench.get(strikes)).json;
    expect(found).toMatchObject({
      call: expect.arrayContaining([650]),
      put: expect.arrayContaining([650]),
    });
    const contracts = (await bench.get(info)).json;
    expect(Array.isArray(contracts) && contracts.length).toBeGreaterThan(1);
  });
});

describe("a first read", () => {
  it("of orders is empty, as is a forced one; only the third says snapshot", async () => {
    await bench.get("/iserver/accounts");
    const placed = bench.control.foreignOrder(
      PAPER,
      { conid: 265598, side: "BUY", orderType: "LMT", price: 100, tif: "GTC", quantity: 1 },
      "tws",
    );
    const read = async (query = ""): Promise<unknown> =>
      (await bench.get(`/iserver/account/orders${query}`)).json;
    expect(await read()).toEqual({ orders: [], snapshot: false });
    expect(await read()).toMatchObject({ orders: [{ orderId: placed.id }], snapshot: false });
    expect(await read()).toMatchObject({ orders: [{ orderId: placed.id }], snapshot: true });
    expect(await read("?force=true")).toEqual({ orders: [], snapshot: false });
    expect(await read()).toMatchObject({ orders: [{ orderId: placed.id }] });
  });

  it("of a snapshot opens the stream and carries no price; some streams fill in by and by", async () => {
    await bench.get("/iserver/accounts");
    const read = async (conid: number): Promise<Record<string, unknown>> => {
      const { json } = await bench.get(
        `/iserver/marketdata/snapshot?conids=${conid}&fields=31,84,86`,
      );
      return Array.isArray(json) ? json[0] : {};
    };
    expect(await read(756733)).toEqual({ conid: 756733, conidEx: "756733" });
    const partial = new Set<boolean>();
    for (const conid of [756733, 320227571, 265598, 272093, 4815747, 8314]) {
      if (conid !== 756733) await read(conid);
      const second = await read(conid);
      expect(second).toHaveProperty("31");
      partial.add("84" in second);
      expect(await read(conid)).toMatchObject({
        "84": expect.any(String),
        "86": expect.any(String),
      });
    }
    expect(partial).toEqual(new Set([true, false]));
  });

  it("of positions lacks the contract's particulars", async () => {
    await bench.get("/portfolio/accounts");
    const read = async (): Promise<unknown> =>
      (await bench.get(`/portfolio/${PAPER}/positions/0`)).json;
    const cold = await read();
    const warm = await read();
    expect(Array.isArray(cold) && Object.keys(cold[0]).length).toBe(21);
    expect(Array.isArray(warm) && warm[0]).toMatchObject({ ticker: "SPY", strike: "0" });
    expect(Array.isArray(cold) && cold[0]).toMatchObject({ strike: 0 });
  });

  it("of partitioned P&L is empty until the socket subscribed; of a chart it fails", async () => {
    expect((await bench.get("/iserver/account/pnl/partitioned")).json).toEqual({ upnl: {} });
    const chart = "/iserver/marketdata/history?conid=265598&period=1d&bar=5min";
    expect((await bench.get(chart)).status).toBe(500);
    expect((await bench.get(chart)).status).toBe(200);
  });
});

describe("charts", () => {
  const chart = (query: string) => bench.get(`/iserver/marketdata/history?conid=265598&${query}`);
  beforeEach(() => bench.control.change({ coldReads: { history: false } }));

  it("end at startTime", async () => {
    const { json } = await chart("period=1d&bar=1h&startTime=20260330-20:00:00");
    const data =
      typeof json === "object" && json !== null && "data" in json ? json.data : undefined;
    const last = Array.isArray(data) ? data.at(-1) : undefined;
    expect(last?.t).toBe(Date.UTC(2026, 2, 30, 19, 30));
  });

  it("fail inside a 200 for direction=1, and give 84 bars of their own choice for a period in capitals", async () => {
    expect(await chart("period=1d&bar=1h&direction=1")).toMatchObject({
      status: 200,
      json: { error: "Chart data unavailable" },
    });
    const { json, status } = await chart("period=1D&bar=1h");
    expect([
      status,
      typeof json === "object" &&
        json !== null &&
        "data" in json &&
        Array.isArray(json.data) &&
        json.data.length,
    ]).toEqual([200, 84]);
  });

  it("are five at once at most", async () => {
    // Long enough for all seven to have come while the first are served.
    bench.control.change({ limits: { historyMs: 400 } });
    const answers = await Promise.all(Array.from({ length: 7 }, () => chart("period=1d&bar=1h")));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
    expect((await chart("period=1d&bar=1h")).status).toBe(200);
  });
});

describe("what is not quite an error", () => {
  it("unknown accounts, contracts and symbols are answered as they were seen to be", async () => {
    await bench.get("/iserver/accounts");
    await bench.get("/portfolio/accounts");
    const seen: [string, number, object?][] = [
      ["/portfolio/U0000001/ledger", 401],
      ["/iserver/account/U0000001/summary", 400, { error: "accountId is not valid: U0000001" }],
      [`/portfolio/${PAPER}/position/1`, 200, []],
      [`/portfolio/${PAPER}/positions/999?sort=name`, 200, []],
      ["/iserver/marketdata/snapshot?conids=0&fields=31", 200],
      ["/iserver/contract/0/info", 400],
      ["/iserver/contract/0/algos", 503],
      ["/contract/trading-schedule?conid=0", 400],
      ["/trsrv/stocks?symbols=NOSUCH", 200, {}],
      ["/trsrv/futures?symbols=NOSUCH", 200, {}],
      ["/trsrv/secdef?conids=1", 204],
      ["/iserver/account/order/status/1", 400],
      ["/hmds/history?conid=265598", 404],
      ["/iserver/watchlist?id=5", 503],
    ];
    for (const [path, status, body] of seen) {
      const answer = await bench.get(path);
      expect([path, answer.status]).toEqual([path, status]);
      if (body !== undefined) expect(answer.json).toMatchObject(body);
    }
    const unsubscribed = await bench.post("/iserver/marketdata/unsubscribe", { conid: 265598 });
    expect(unsubscribed).toMatchObject({ status: 500, json: { error: "unknown" } });
    expect(await bench.post("/iserver/contract/rules", { conid: 0, isBuy: true })).toMatchObject({
      status: 400,
    });
    expect(await bench.post("/iserver/account", { acctId: "U0000001" })).toMatchObject({
      status: 500,
    });
    expect(await bench.post("/iserver/account", {})).toMatchObject({ status: 400 });
    expect(await bench.post("/iserver/account", { acctId: PAPER })).toMatchObject({
      json: { success: "Account already set" },
    });
    expect(await bench.post("/pa/performance", { acctIds: [PAPER], period: "2D" })).toMatchObject({
      status: 400,
    });
    expect(await bench.post("/pa/performance", { acctIds: ["U1"], period: "1D" })).toMatchObject({
      status: 500,
    });
    expect(await bench.post("/iserver/questions/suppress", { messageIds: [] })).toMatchObject({
      status: 500,
    });
    expect(
      await bench.post(`/iserver/account/${PAPER}/alert`, { alertName: "a", conditions: [{}] }),
    ).toMatchObject({ status: 403 });
    expect(await bench.get("/fyi/unreadnumber")).toMatchObject({ status: 200 });
    expect(await bench.get("/fyi/unreadnumber")).toMatchObject({ status: 423 });
  });

  it("refuses 101 contracts and 51 fields in a snapshot, 201 in a definition, and what is no number", async () => {
    await bench.get("/iserver/accounts");
    const conids = (count: number): string =>
      Array.from({ length: count }, (_, index) => index + 1).join(",");
    expect(
      (await bench.get(`/iserver/marketdata/snapshot?conids=${conids(101)}&fields=31`)).status,
    ).toBe(400);
    expect(
      (await bench.get(`/iserver/marketdata/snapshot?conids=1&fields=${conids(51)}`)).status,
    ).toBe(400);
    expect((await bench.get(`/trsrv/secdef?conids=${conids(201)}`)).status).toBe(400);
    expect((await bench.get("/trsrv/secdef?conids=abc")).status).toBe(400);
  });
});

describe("market data", () => {
  const snapshot = async (conid: number): Promise<Record<string, unknown>> => {
    const { json } = await bench.get(
      `/iserver/marketdata/snapshot?conids=${conid}&fields=31,55,84,86,87,6509`,
    );
    return Array.isArray(json) ? json[0] : {};
  };
  beforeEach(async () => {
    bench.control.change({ coldReads: { snapshot: false } });
    await bench.get("/iserver/accounts");
  });

  it("says what is live, delayed and not subscribed, and gives no price for the last", async () => {
    expect(await snapshot(265598)).toMatchObject({
      "6509": "RpB",
      "31": expect.stringMatching(/^\d+\.\d\d$/),
    });
    expect(await snapshot(14204)).toMatchObject({ "6509": "DpB" });
    const none = await snapshot(38708077);
    expect(none).toMatchObject({ "6509": "N", "55": "AAPL" });
    expect(none).not.toHaveProperty("31");
  });

  it("marks a halt, and freezes a closed market without its sides", async () => {
    bench.control.pin(265598, { halted: true });
    expect((await snapshot(265598))["31"]).toMatch(/^H\d/);
    bench.control.pin(265598, undefined);
    bench.control.change({ resets: { idleMs: 0 } });
    await bench.control.advance(12 * 3_600_000);
    const closed = await snapshot(265598);
    expect(closed).toMatchObject({ "6509": "ZpB", "31": expect.stringMatching(/^\d+\.\d\d$/) });
    expect(closed).not.toHaveProperty("84");
    expect(closed["87"]).toMatch(/^\d+(\.\d)?[KM]$/);
    const before = bench.control.now();
    expect(Number(closed._updated)).toBeLessThan(before);
  });

  it("runs out of lines, and gives them back", async () => {
    bench.control.change({ webSocket: { marketDataLines: 2 } });
    await snapshot(265598);
    await snapshot(756733);
    expect((await bench.get("/iserver/marketdata/snapshot?conids=272093&fields=31")).status).toBe(
      500,
    );
    await bench.get("/iserver/marketdata/unsubscribeall");
    expect((await bench.get("/iserver/marketdata/snapshot?conids=272093&fields=31")).status).toBe(
      200,
    );
  });
});
