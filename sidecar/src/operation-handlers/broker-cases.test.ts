import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { BROKER_STATUS_WORDS } from "@ibkr-edge-gateway/protocol/orders/broker-words.ts";
import { evidenceOfStatus } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { valueAtRisk } from "@ibkr-edge-gateway/protocol/orders/value-at-risk.ts";
import { Decimal } from "decimal.js";
import { describe, expect, it } from "vitest";
import { AAPL, aLeg, anOrder } from "../../../test/support/orders.ts";
import { ACCOUNT, bookRow, pcOrders } from "../../../test/support/pc-orders.ts";
import { canStillTrade, orderFrom } from "../client-portal/domain/order-rows.ts";
import { orderStatus } from "../client-portal/endpoints/order-status.ts";
import { liveOrders, OrderRow } from "../client-portal/endpoints/orders.ts";
import { settledPositions } from "../client-portal/endpoints/positions.ts";
import { snapshotLook } from "../client-portal/endpoints/quotes.ts";
import { LIMITS } from "../client-portal/limits.ts";
import { isOver } from "../client-portal/stream/streamed-orders.ts";
import { readMarket } from "../orders/submit/market-and-account-reads.ts";
import { readWorkingFacts } from "../orders/submit/working-facts.ts";
import { serveContractsResolve } from "./contracts-resolve.ts";
import { serveContractsSearch } from "./contracts-search.ts";
import { serveCurrencyRate } from "./currency-rate.ts";
import { readOrders } from "./live-orders.ts";
import { serveMarketSnapshot } from "./market-snapshot.ts";
import { serveOrdersStatus } from "./orders-status.ts";
import { readPositions } from "./position-rows.ts";
import { quoteFrom } from "./quote-fields.ts";
import { resolveAccount } from "./resolve-account.ts";
import { createSeenList } from "./seen-lists.ts";

/**
 * Answers of the broker that came out wrong once. Each test bears the number of its row in
 * docs/broker-quirks.md.
 */
const SELL = { side: "SELL", totalSize: 25, remainingQuantity: 25, order_ref: "from-tws" };

async function lists(pc = pcOrders()) {
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return {
    pc,
    orders: (body: unknown) => {
      pc.broker.answers["iserver.orders"] = body;
      return readOrders(context, account);
    },
    working: () => readWorkingFacts(context, account, pc.store, null, false),
    positions: (rows: unknown) => {
      pc.broker.answers["portfolio2.positions"] = rows;
      return readPositions(context, ACCOUNT, "auto");
    },
    context,
  };
}

const NOTHING = { orders: [], snapshot: false };

describe("B3: a list that comes back empty", () => {
  it("B3: is not proved while an order just seen is missing without an end, and the exit counts it", async () => {
    const { orders, working, pc } = await lists();
    expect((await orders({ orders: [bookRow(SELL)], snapshot: true })).proved).toBe(true);
    pc.clock.run(5_000);
    const empty = await orders(NOTHING);
    expect(empty).toMatchObject({ orders: [], proved: false });
    expect(empty.vanished.map(({ order_id }) => order_id)).toEqual(["11"]);
    expect(empty.notes.join(" ")).toContain("1 order that the broker listed before (11)");
    pc.clock.run(1_000);
    const book = await working();
    expect(book?.value.working).toMatchObject([{ order_id: "11", side: "SELL", remaining: "25" }]);
  });

  it("B3: counts no more once looks have agreed for a minute, or the broker names its end", async () => {
    const first = await lists();
    await first.orders({ orders: [bookRow(SELL)], snapshot: true });
    first.pc.clock.run(1_000);
    expect((await first.orders(NOTHING)).vanished).toHaveLength(1);
    first.pc.clock.run(LIMITS.vanishedPatienceMs - 1);
    expect((await first.orders(NOTHING)).vanished).toHaveLength(1);
    first.pc.clock.run(1);
    expect(await first.orders(NOTHING)).toMatchObject({ vanished: [], proved: true });

    const second = await lists();
    await second.orders({ orders: [bookRow(SELL)], snapshot: true });
    second.pc.clock.run(1_000);
    second.pc.broker.answers["iserver.order-status"] = { order_id: 11, order_status: "Cancelled" };
    expect(await second.orders(NOTHING)).toMatchObject({ vanished: [], proved: true });
  });

  it("B3: the same for positions, unless a fill explains it", async () => {
    const held = { conid: 265598, position: 25, description: "AAPL", assetClass: "STK" };
    const { positions, pc } = await lists();
    expect((await positions([held])).proved).toBe(true);
    pc.clock.run(5_000);
    const empty = await positions([]);
    expect(empty.proved).toBe(false);
    expect(empty.notes.join(" ")).toContain("AAPL");
    pc.broker.answers["iserver.trades"] = [
      { execution_id: "e1", conid: 265598, trade_time_r: pc.clock.now() },
    ];
    pc.clock.run(1);
    expect(await positions([])).toMatchObject({ proved: true, notes: [] });
  });

  it("B3: a look that is no later than the last, as one from a cache, changes nothing", () => {
    const seen = createSeenList<string>();
    seen.look("a", new Map([["1", "row"]]), 10);
    expect(seen.look("a", new Map(), 10)).toEqual([]);
    expect(seen.look("b", new Map(), 20)).toEqual([]);
    expect(seen.look("a", new Map(), 20)).toEqual([{ id: "1", row: "row", seenAt: 10 }]);
    expect(seen.look("a", new Map([["1", null]]), 30)).toEqual([]);
  });
});

describe("B4: one table for the broker's words", () => {
  it("B4: for every word of it, list, stream and evidence agree on whether the order has ended", () => {
    expect(BROKER_STATUS_WORDS.length).toBeGreaterThan(12);
    for (const word of [...BROKER_STATUS_WORDS, "Pre Submitted", "API_CANCELLED", "a new word"]) {
      const row = OrderRow.parse({ ...bookRow(), status: word });
      const shown = orderFrom(row, () => false);
      const says = evidenceOfStatus(word, "0", "1");
      const ended = says !== null && says !== "working";
      expect([word, isOver(row)]).toEqual([word, ended]);
      expect([word, shown !== null && canStillTrade(shown.status)]).toEqual([word, !ended]);
    }
  });

  it.each(["Expired", "Rejected", "ApiCancelled"])(
    "B4: a %s order takes nothing from the position",
    async (status) => {
      const { orders, working } = await lists();
      await orders({ orders: [bookRow({ ...SELL, status })], snapshot: true });
      expect((await working())?.value).toEqual({ working: [], unread: [] });
    },
  );

  it("B4: LIMIT and LMT are one word", () => {
    for (const word of ["LIMIT", "Limit", "LMT"]) {
      const row = OrderRow.parse(bookRow({ origOrderType: word }));
      expect(orderFrom(row, () => false)?.order_type).toBe("LMT");
    }
  });
});

it("B5: an order listed twice is one order, by its newest row, in either order", () => {
  const older = bookRow({ lastExecutionTime_r: 1_775_086_847_000, status: "Submitted" });
  const newer = bookRow({ lastExecutionTime_r: 1_775_086_848_000, status: "Filled" });
  for (const orders of [
    [older, newer],
    [newer, older],
  ]) {
    const read = liveOrders().decode({ orders, snapshot: true });
    expect(read.orders.map(({ status }) => status)).toEqual(["Filled"]);
  }
  const untimed = [bookRow({ filledQuantity: 1 }), bookRow({ filledQuantity: 0 })];
  const read = liveOrders().decode({ orders: untimed, snapshot: true });
  expect(read.orders.map(({ filledQuantity }) => filledQuantity)).toEqual(["1"]);
});

describe("B7: pages of another size", () => {
  const page = (from: number, count: number, more: JsonObject = {}) =>
    Array.from({ length: count }, (_, n) => ({ conid: from + n, position: 1, name: "X", ...more }));

  it.each([
    ["30 rows, as the gateway says", { pageSize: 30 }, [30, 12], 42],
    ["30 rows, as it does not say", {}, [30, 12], 42],
    ["100 rows", {}, [100, 100, 1], 201],
  ] as const)("B7: %s", async (_name, more, sizes, total) => {
    const { pc, context } = await lists();
    const starts = [1, 1_001, 2_001];
    pc.broker.answers["portfolio.positions"] = (ask: { path: string }) => {
      const n = Number(ask.path.split("/").at(-1));
      return page(starts[n] ?? 9_001, sizes[n] ?? 0, { ...more });
    };
    const read = await readPositions(context, ACCOUNT, "settled");
    expect(read.positions).toHaveLength(total);
    expect(read.proved).toBe(true);
  });

  it("B7: a build that gives the same page to every number ends too", async () => {
    const { pc, context } = await lists();
    pc.broker.answers["portfolio.positions"] = page(1, 30);
    expect((await readPositions(context, ACCOUNT, "settled")).positions).toHaveLength(30);
  });
});

describe("quotes", () => {
  const quote = (fields: Record<string, unknown>, ...wanted: Parameters<typeof quoteFrom>[2]) => {
    const [row] = snapshotLook([1], []).decode([{ conid: 1, ...fields }]);
    return quoteFrom(1, row, wanted, undefined);
  };

  it("B8: the whole figure is the one beside the display's, else the suffix is read", () => {
    const shown = { 7282: "3.1M", 7638: "4.2K", 87: "25.5M", "87_raw": 25_500_321 };
    expect(quote(shown, "average_volume", "open_interest", "volume")).toMatchObject({
      values: { average_volume: "3100000", open_interest: "4200", volume: "25500321" },
      missing: [],
    });
    expect(quote({ 87: "25.5M" }, "volume").values.volume).toBe("25500000");
    expect(quote({ 7762: "25500399", 87: "25.5M" }, "volume").values.volume).toBe("25500399");
  });

  it("B9: placeholders of a closed market are null and missing", () => {
    const closed = { 7295: "0.0000", 70: "0", 71: "-1", 84: "-1" };
    expect(quote(closed, "open", "high", "low", "bid")).toMatchObject({
      values: { open: null, high: null, low: null, bid: null },
      missing: ["open", "high", "low", "bid"],
    });
  });

  it("B10: a time in another unit costs that time, and the answer says so", async () => {
    const { pc, context } = await lists();
    const at = pc.clock.now();
    pc.broker.answers["marketdata.snapshot"] = [
      { conid: 1, 31: "5", 84: "5", 86: "6", 6509: "R", _updated: at * 1_000 },
      { conid: 2, 31: "7", 84: "7", 86: "8", 6509: "R", _updated: at },
    ];
    const input = { conids: [1, 2], fields: ["last", "bid", "ask"] };
    const answer = await pc.finish(serveMarketSnapshot.execute(context, input));
    expect(answer).toMatchObject({
      quotes: [
        { conid: 1, values: { last: "5" }, quote_at: null },
        { conid: 2, values: { last: "7" }, quote_at: new Date(at).toISOString() },
      ],
    });
  });
});

describe("B11: share classes", () => {
  it.each([
    ["BRK B", "STK", "BRK B"],
    ["BRK B", null, "BRK B"],
    ["AAPL", "STK", "AAPL"],
    ["AAPL Dec18'26 200 Call", "OPT", "AAPL"],
  ])("B11: %s of kind %s is %s", async (description, assetClass, symbol) => {
    const { positions } = await lists();
    const read = await positions([{ conid: 1, position: 5, description, assetClass }]);
    expect(read.positions[0]?.symbol).toBe(symbol);
  });
});

it.each(["BRK B", "BRK.B", "BRK-B", "BRK/B"])("B11: %s resolves to BRK B", async (symbol) => {
  const { pc, context } = await lists();
  pc.broker.answers["secdef.search"] = (ask: { query?: { symbol?: string } }) =>
    ask.query?.symbol === "BRK B" ? [{ conid: 7, symbol: "BRK B", description: "NYSE" }] : [];
  pc.broker.answers["trsrv.secdef"] = {
    secdef: [{ conid: 7, ticker: "BRK B", assetClass: "STK", currency: "USD", isUS: true }],
  };
  const answer = await serveContractsResolve.execute(context, { symbol });
  expect(answer).toMatchObject({ status: "resolved", contract: { conid: 7, symbol: "BRK B" } });
});

describe("B13: what a price is of", () => {
  it.each([
    ["STP", { price: "140" }, { limit_price: null, stop_price: "140" }],
    ["Stop", { price: "140", auxPrice: 0 }, { limit_price: null, stop_price: "140" }],
    ["LIMIT", { price: "140" }, { limit_price: "140", stop_price: null }],
    ["STOP_LIMIT", { price: "139", auxPrice: "140" }, { limit_price: "139", stop_price: "140" }],
    ["TRAILING_STOP", { price: "", stop_price: "140" }, { limit_price: null, stop_price: "140" }],
    ["MARKET", { price: "0.0" }, { limit_price: null, stop_price: null }],
  ])("B13: a %s order's", (origOrderType, prices, shown) => {
    const row = OrderRow.parse({ ...bookRow({ side: "SELL" }), origOrderType, ...prices });
    expect(orderFrom(row, () => false)).toMatchObject(shown);
  });
});

describe("B15: placeholders that pass for figures", () => {
  it.each([0, -1, "0", "N/A", null])("B15: a rate of %j is none", async (rate) => {
    const { pc, context } = await lists();
    pc.broker.answers["iserver.exchangerate"] = { rate };
    const answer = await serveCurrencyRate.execute(context, { base: "EUR", quote: "USD" });
    expect(answer).toMatchObject({ rate: null });
  });

  it("B15: three rows without a contract are three that could not be read", async () => {
    const { pc, context } = await lists();
    pc.broker.answers["portfolio.positions"] = (ask: { path: string }) =>
      ask.path.endsWith("/0") ? [1, 2, 3].map((position) => ({ position, name: "X" })) : [];
    const read = await readPositions(context, ACCOUNT, "settled");
    expect(read).toMatchObject({ positions: [], proved: false });
    expect(read.notes.join(" ")).toContain("3 position rows");
  });

  it("B15: no day that does not exist, no strike of a future, and no largest double", () => {
    const [row] = settledPositions(ACCOUNT, 0).decode([
      { conid: 1, position: 2, strike: 0, expiry: "20260230", mktValue: 1.7976931348623157e308 },
    ]);
    expect(row).toMatchObject({ strike: null, expiry: null, mktValue: null, position: "2" });
  });
});

it("B17: the status fills what the list leaves out, and stands alone for an order that left it", async () => {
  const status = {
    order_id: 11,
    account: ACCOUNT,
    conid: 265598,
    side: "B",
    order_type: "LIMIT",
    limit_price: "187.25",
    tif: "GTC",
    outside_rth: true,
    total_size: "5.0",
    cum_fill: "2.0",
    order_status: "Submitted",
    order_time: "261120143000",
  };
  const { pc, context } = await lists();
  pc.broker.answers["iserver.order-status"] = status;
  const wanted = {
    outside_rth: true,
    time_in_force: "GTC",
    remaining: "3",
    updated_at: "2026-11-20T14:30:00.000Z",
  };
  for (const orders of [[], [bookRow({ outsideRTH: undefined, remainingQuantity: undefined })]]) {
    pc.broker.answers["iserver.orders"] = { orders, snapshot: true };
    const answer = await serveOrdersStatus.execute(context, { order_id: "11" });
    expect(answer).toMatchObject({ order: wanted });
  }
  expect(orderStatus("11").decode(status).order_time).toBe(Date.UTC(2026, 10, 20, 14, 30));
});

it("B18: a future has its expiry and its last trading day, each in a field", async () => {
  const { pc, context } = await lists();
  pc.broker.answers["trsrv.futures"] = {
    CL: [{ symbol: "CL", conid: 5, expirationDate: 20261231, ltd: 20261220 }],
  };
  pc.broker.answers["trsrv.secdef"] = {
    secdef: [{ conid: 5, ticker: "CL", assetClass: "FUT", currency: "USD" }],
  };
  const input = { query: "CL", asset_class: "FUT" };
  expect(await serveContractsSearch.execute(context, input)).toMatchObject({
    candidates: [{ conid: 5, expiry: "2026-12-31", last_trading_day: "2026-12-20" }],
  });
});

describe("B1: a placeholder is no price", () => {
  const SIDES = [undefined, "0", "0.00", "-1", "-1.00"];

  it.each(["BUY", "SELL"] as const)(
    "B1: for a %s of any type the value is the same whatever stands for no bid and no ask",
    async (side) => {
      for (const order_type of ["MKT", "TRAIL", "MIDPRICE", "LMT"] as const) {
        const values = new Set<string>();
        for (const absent of SIDES) {
          const pc = pcOrders();
          pc.broker.answers["marketdata.snapshot"] = [
            {
              conid: AAPL.conid,
              31: "253.40",
              84: absent,
              86: absent,
              6509: "RpB",
              _updated: pc.clock.now(),
            },
          ];
          const market = await pc.finish(readMarket(pc.context(), AAPL.conid));
          expect(market.value).toMatchObject({ bid: null, ask: null, last: "253.4" });
          const leg = aLeg({
            side,
            order_type,
            quantity: "50",
            limit_price: order_type === "LMT" ? "253" : null,
            trailing: order_type === "TRAIL" ? { unit: "percent", offset: "1" } : null,
          });
          const risk = valueAtRisk(anOrder({ legs: [leg] }), {
            market: market.value,
            slippageBps: new Decimal(50),
            effect: null,
            quotedUnits: new Decimal(1),
          });
          values.add(risk.known ? risk.value.toFixed(2) : "not known");
        }
        expect([order_type, values.size]).toEqual([order_type, 1]);
        for (const value of values) {
          if (value !== "not known") expect(Number(value)).toBeGreaterThan(12_000);
        }
      }
    },
  );

  it.each(["0", "-1.00", undefined])(
    "B1: and is not known where the last is %j too",
    async (none) => {
      const pc = pcOrders();
      pc.broker.answers["marketdata.snapshot"] = [
        { conid: AAPL.conid, 31: none, 84: "-1", 86: "0", 6509: "RpB", _updated: pc.clock.now() },
      ];
      const market = await pc.finish(readMarket(pc.context(), AAPL.conid));
      expect(market.value).toMatchObject({ bid: null, ask: null, last: null, prior_close: null });
      const risk = valueAtRisk(
        anOrder({ legs: [aLeg({ order_type: "MKT", limit_price: null })] }),
        {
          market: market.value,
          slippageBps: new Decimal(50),
          effect: null,
          quotedUnits: new Decimal(1),
        },
      );
      expect(risk.known).toBe(false);
    },
  );
});
