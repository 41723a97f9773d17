import type { Position } from "@ibkr-edge-gateway/protocol/operation-schemas/positions-list.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { orderFrom } from "../client-portal/domain/order-rows.ts";
import { portfolioLedger } from "../client-portal/endpoints/balances.ts";
import { OrderRow } from "../client-portal/endpoints/orders.ts";
import { withRows } from "../client-portal/stream/ladder.ts";
import { overlay } from "../client-portal/stream/streamed-orders.ts";
import { barSeconds, brokerTime, checkPeriod } from "./bar-window.ts";
import { chooseStrikes } from "./choose-strikes.ts";
import { holidaysIn } from "./market-holidays.ts";
import { pageOf } from "./operation-context.ts";
import { monthForBroker, monthFromBroker, monthsFromBroker } from "./option-months.ts";
import { looksUnsettled } from "./positions-settling.ts";
import { availabilityOf, quoteFrom, readField } from "./quote-fields.ts";

describe("quotes", () => {
  it("reads what displays write", () => {
    expect(readField("C8.01")).toEqual({ kind: "prior_close", value: "8.01" });
    expect(readField("H12.5")).toEqual({ kind: "halted", value: "12.5" });
    expect(readField("0.54%")).toEqual({ kind: "value", value: "0.54" });
    expect(readField("1,200")).toEqual({ kind: "value", value: "1200" });
    expect(readField("12.3M").value).toBe("12300000");
    expect(readField("4.2K").value).toBe("4200");
    expect(readField("4.2 kilos").value).toBeNull();
    expect(readField("").value).toBeNull();
  });

  it("delayed, frozen and unknown data never look live", () => {
    expect(availabilityOf("RpB", true)).toBe("live");
    expect(availabilityOf("DPB", true)).toBe("delayed");
    expect(availabilityOf("Z", true)).toBe("frozen");
    expect(availabilityOf("Y", true)).toBe("frozen");
    expect(availabilityOf("N", true)).toBe("none");
    expect(availabilityOf("S", true)).toBe("unknown");
    expect(availabilityOf(null, true)).toBe("unknown");
    expect(availabilityOf(null, false)).toBe("none");
    fc.assert(
      fc.property(fc.string(), (code) => {
        if (!code.startsWith("R")) expect(availabilityOf(code, true)).not.toBe("live");
      }),
      { seed: 20261120 },
    );
  });

  it("yesterday's close is no last trade, and what is missing is null and listed", () => {
    const row = {
      conid: 1,
      updatedAt: 1_775_169_600_000,
      availabilityCode: "R",
      fields: new Map([["31", "C8.01"]]),
    };
    expect(quoteFrom(1, row, ["last", "bid", "prior_close"], undefined)).toMatchObject({
      values: { last: null, bid: null, prior_close: "8.01" },
      missing: ["last", "bid"],
      halted: false,
    });
    expect(quoteFrom(1, undefined, ["last"], undefined)).toMatchObject({
      availability: "none",
      quote_at: null,
      values: { last: null },
      missing: ["last"],
    });
  });
});

interface Paged {
  rows: number[];
  page: { total: number; next_offset: number | null };
}

describe("months, strikes and windows", () => {
  it("the broker's months and ours are the same months", () => {
    expect(monthFromBroker("APR26")).toBe("2026-04");
    expect(monthForBroker("2026-04")).toBe("APR26");
    expect(monthsFromBroker("MAY26;APR26;;nonsense")).toEqual(["2026-04", "2026-05"]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 99 }),
        fc.integer({ min: 1, max: 12 }),
        (year, month) => {
          const ours = `20${String(year).padStart(2, "0")}-${String(month).padStart(2, "0")}`;
          expect(monthFromBroker(monthForBroker(ours) ?? "")).toBe(ours);
        },
      ),
      { seed: 20261120 },
    );
  });

  it("strikes are the nearest to the money, inside the bounds, ascending", () => {
    const strikes = ["90", "95", "97.5", "100", "102.5", "105", "110"];
    expect(chooseStrikes(strikes, { count: 3, around: "101" })).toEqual(["97.5", "100", "102.5"]);
    expect(chooseStrikes(strikes, { count: 9, from: "100", to: "105", around: "50" })).toEqual([
      "100",
      "102.5",
      "105",
    ]);
    expect(chooseStrikes(strikes, { count: 1, around: null })).toEqual(["100"]);
    expect(chooseStrikes([], { count: 5, around: "1" })).toEqual([]);
  });

  it("periods outside the broker's bounds are refused", () => {
    for (const good of ["1min", "30min", "8h", "1000d", "792w", "182m", "15y"]) {
      expect(() => checkPeriod(good, "1min")).not.toThrow();
    }
    for (const bad of ["31min", "9h", "1001d", "793w", "183m", "16y", "0d", "5D", "d", ""]) {
      expect(() => checkPeriod(bad, "1min")).toThrow();
    }
    expect(() => checkPeriod("1h", "1d")).toThrow();
    expect(barSeconds("1m")).toBeNull();
    expect(barSeconds("5min")).toBe(300);
    expect(brokerTime(Date.UTC(2026, 3, 1, 9, 5, 7))).toBe("20260401-09:05:07");
  });

  it("pages cover everything once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { maxLength: 200 }),
        fc.integer({ min: 1, max: 50 }),
        (rows, limit) => {
          const seen: number[] = [];
          let offset: number | null = 0;
          while (offset !== null) {
            const got: Paged = pageOf(rows, { offset, limit });
            seen.push(...got.rows);
            expect(got.page.total).toBe(rows.length);
            offset = got.page.next_offset;
          }
          expect(seen).toEqual(rows);
        },
      ),
      { seed: 20261120 },
    );
  });
});

describe("schedules", () => {
  const day = (name: string, minutes: number) => ({
    day: name,
    regular: minutes === 0 ? [] : [{ opening: 0, closing: minutes * 60 }],
    extended: [],
  });

  it("a weekday without hours is closed, a short one is short, a weekend is neither", () => {
    const days = [day("2026-11-25", 390), day("2026-11-27", 210), day("2026-11-30", 390)];
    expect(holidaysIn({ timeZone: "US/Eastern", days })).toEqual([
      { day: "2026-11-26", kind: "closed", minutes: 0 },
      { day: "2026-11-27", kind: "short_day", minutes: 210 },
    ]);
    expect(holidaysIn({ timeZone: "US/Eastern", days: [] })).toEqual([]);
  });
});

describe("orders from rows", () => {
  const row = (more: object): OrderRow =>
    OrderRow.parse({ orderId: 7, account: "DU1234567", ...more });

  it("an unknown status can still trade, and a part filled is said so", () => {
    expect(orderFrom(row({ status: "Sunny" }), () => false)?.status).toBe("unknown");
    expect(orderFrom(row({ status: "Submitted", filledQuantity: 3 }), () => false)?.status).toBe(
      "partially_filled",
    );
    expect(orderFrom(row({ status: "Submitted", filledQuantity: 0 }), () => false)?.status).toBe(
      "working",
    );
    expect(orderFrom(row({ status: "Filled", price: "" }), () => false)).toMatchObject({
      status: "filled",
      limit_price: null,
      quantity: null,
    });
  });

  it("is ours only if its reference is ours", () => {
    const own = (ref: string): boolean => ref.startsWith("ig-");
    expect(orderFrom(row({ order_ref: "ig-1" }), own)?.origin).toBe("gateway");
    expect(orderFrom(row({ order_ref: "tws-1" }), own)?.origin).toBe("foreign");
    expect(orderFrom(row({}), own)?.origin).toBe("foreign");
  });

  it("a sparse row changes only what it names, and no late row undoes an end or a fill", () => {
    const full = row({ status: "Submitted", side: "BUY", conid: 1, filledQuantity: 5, price: 10 });
    const state = new Map([["7", full]]);
    const next = overlay(state, { orderId: 7, status: "Filled", filledQuantity: 10 });
    expect(next?.row).toMatchObject({
      status: "Filled",
      filledQuantity: "10",
      side: "BUY",
      price: "10",
    });
    const ended = new Map([["7", row({ status: "Filled", filledQuantity: 10 })]]);
    expect(overlay(ended, { orderId: 7, status: "Submitted" })?.row.status).toBe("Filled");
    expect(overlay(state, { orderId: 7, filledQuantity: 2 })?.row.filledQuantity).toBe("5");
    expect(overlay(state, { orderId: 7, price: null })?.row.price).toBeNull();
    expect(overlay(state, { acct: "DU1" })).toBeNull();
  });
});

describe("the ladder", () => {
  it("replaces rows by number and reads a level's trade", () => {
    const first = withRows(new Map(), [
      { row: 0, focus: 0, price: "10.01", ask: "1,200" },
      { row: 1, focus: 1, price: "300 @ 10.00", bid: "500" },
      { price: "no row" },
    ]);
    expect([...first.values()]).toEqual([
      { row: 0, price: "10.01", bid: null, ask: "1200" },
      { row: 1, price: "10", bid: "500", ask: null },
    ]);
    expect(withRows(first, [{ row: 0, price: "10.02" }]).get(0)?.ask).toBeNull();
  });
});

describe("settling", () => {
  const position = (value: string | null): Position => ({
    conid: 1,
    symbol: "X",
    description: "X",
    asset_class: "STK",
    currency: "USD",
    quantity: "1",
    market_price: null,
    market_value: value,
    average_cost: null,
    average_price: null,
    unrealized_pnl: null,
    realized_pnl: null,
    expiry: null,
    strike: null,
    right: null,
    multiplier: null,
    underlying_conid: null,
    model: null,
  });
  const ledger = (stock: number) =>
    portfolioLedger("DU1").decode({ USD: { currency: "USD", stockmarketvalue: stock } });

  it("is said when cash and positions are further apart than prices move", () => {
    expect(looksUnsettled(ledger(1000), [position("1010")])).toBe(false);
    expect(looksUnsettled(ledger(1000), [position("1500")])).toBe(true);
    expect(looksUnsettled(ledger(1000), [])).toBe(true);
    expect(looksUnsettled(ledger(1000), [position(null)])).toBe(false);
  });
});
