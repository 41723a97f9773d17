import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AAPL, aBracket, aLeg, anOrder, anyDecimal } from "../../../test/support/orders.ts";
import { modifyBody, placeBody, wireNumber } from "./broker-body.ts";
import type { Leg } from "./canonical-order.ts";
import { canonicalDecimal } from "./decimal.ts";

const order = (over: Partial<Leg>) => anOrder({ legs: [aLeg(over)] });
const body = (over: Partial<Leg>) => {
  const built = placeBody(order(over), "ieg1-0", null);
  const orders = built.ok ? built.body.orders : null;
  return Array.isArray(orders) ? orders[0] : built;
};

describe("the body of a new order", () => {
  it("of a limit order holds every field, as the broker spells it, on one line", () => {
    const built = placeBody(order({ limit_price: "187.2500" }), "ieg1-0", null);
    expect(JSON.stringify(built.ok && built.body)).toBe(
      '{"orders":[{"acctId":"DU1234567","conid":265598,"secType":"265598:STK","orderType":"LMT","side":"BUY","tif":"DAY","outsideRTH":false,"ticker":"AAPL","quantity":1,"price":187.25,"cOID":"ieg1-0"}]}',
    );
  });

  it.each<[string, Partial<Leg>, object]>([
    ["MKT", { order_type: "MKT", limit_price: null }, { orderType: "MKT" }],
    [
      "STP in price alone",
      { order_type: "STP", limit_price: null, stop_price: "180" },
      { price: 180 },
    ],
    [
      "STOP_LIMIT",
      { order_type: "STOP_LIMIT", limit_price: "181", stop_price: "180" },
      { price: 181, auxPrice: 180 },
    ],
    [
      "TRAIL by amount",
      { order_type: "TRAIL", limit_price: null, trailing: { unit: "amount", offset: "1.5" } },
      { trailingAmt: 1.5, trailingType: "amt" },
    ],
    [
      "TRAILLMT by percent",
      {
        order_type: "TRAILLMT",
        limit_price: "181",
        stop_price: "180",
        trailing: { unit: "percent", offset: "2" },
      },
      { price: 181, auxPrice: 180, trailingAmt: 2, trailingType: "%" },
    ],
    ["MIDPRICE with its cap", { order_type: "MIDPRICE" }, { price: 187.25 }],
    [
      "cash quantity",
      { order_type: "MKT", limit_price: null, quantity: null, cash_quantity: "100" },
      { cashQty: 100 },
    ],
  ])("%s", (_name, over, expected) => {
    expect(body(over)).toMatchObject(expected);
  });

  it("has no price it was not given", () => {
    for (const over of [
      { order_type: "MKT", limit_price: null },
      { order_type: "TRAIL", limit_price: null, trailing: { unit: "amount", offset: "1" } },
      { order_type: "MIDPRICE", limit_price: null },
    ] satisfies Partial<Leg>[]) {
      expect(body(over)).not.toHaveProperty("price");
      expect(body(over)).not.toHaveProperty("auxPrice");
    }
    expect(body({ order_type: "STP", limit_price: null, stop_price: "1" })).not.toHaveProperty(
      "auxPrice",
    );
  });

  it("names a direct route by conidex and then no conid, which would force SMART", () => {
    const routed = body({ contract: { ...AAPL, exchange: "ARCA" } });
    expect(routed).toMatchObject({ conidex: "265598@ARCA" });
    expect(routed).not.toHaveProperty("conid");
  });

  it("of a future says who operates, or is not built", () => {
    const future = order({ contract: { ...AAPL, asset_class: "FUT", exchange: "CME" } });
    expect(placeBody(future, "c", null)).toMatchObject({ ok: false, rule: "futures_operator" });
    const built = placeBody(future, "c", { manual_indicator: false, ext_operator: "jd01" });
    expect(built).toMatchObject({
      ok: true,
      body: { orders: [{ conid: 265598, manualIndicator: false, extOperator: "jd01" }] },
    });
  });

  it("is not built when a price its type needs is missing", () => {
    for (const order_type of ["LMT", "STP", "STOP_LIMIT", "TRAILLMT", "TRAIL"] as const) {
      expect(placeBody(order({ order_type, limit_price: null }), "c", null).ok).toBe(false);
    }
  });
});

describe("linked orders", () => {
  it("a bracket's children carry the parent's cOID and none of their own", () => {
    const built = placeBody(aBracket(), "ieg1-parent", null);
    const orders = built.ok && Array.isArray(built.body.orders) ? built.body.orders : [];
    expect(orders).toMatchObject([
      { cOID: "ieg1-parent", orderType: "LMT", side: "BUY" },
      { parentId: "ieg1-parent", orderType: "LMT", side: "SELL" },
      { parentId: "ieg1-parent", orderType: "STP", side: "SELL", price: 180 },
    ]);
    expect(orders.slice(1).every((child) => !JSON.stringify(child).includes("cOID"))).toBe(true);
    expect(JSON.stringify(orders[0])).not.toContain("parentId");
  });

  it("a group's members have a cOID each and the flag", () => {
    const group = anOrder({
      structure: "oca",
      legs: [aLeg({ role: "oca_member" }), aLeg({ role: "oca_member", limit_price: "1" })],
    });
    expect(placeBody(group, "ieg1-x", null)).toMatchObject({
      body: {
        orders: [
          { cOID: "ieg1-x-a", isSingleGroup: true },
          { cOID: "ieg1-x-b", isSingleGroup: true },
        ],
      },
    });
  });
});

describe("the body of a change", () => {
  it("is the bare order, whole, without ids of ours", () => {
    const change = anOrder({
      action: "modify",
      target: {
        order_id: "5",
        order_ref: "ieg1-0",
        foreign: false,
        before: aLeg(),
        filled_quantity: "0",
      },
    });
    const built = modifyBody(change, null);
    expect(built).toMatchObject({ ok: true, body: { conid: 265598, price: 187.25, quantity: 1 } });
    expect(built.ok && Object.keys(built.body)).not.toContain("orders");
    expect(built.ok && Object.keys(built.body)).not.toContain("cOID");
  });

  it("is not made of a new order, nor a new order of a change", () => {
    expect(modifyBody(anOrder(), null).ok).toBe(false);
    expect(placeBody(anOrder({ action: "modify" }), "c", null).ok).toBe(false);
    expect(placeBody(anOrder({ action: "cancel" }), "c", null).ok).toBe(false);
  });
});

describe("numbers on the wire", () => {
  it("say exactly what the decimal says", () => {
    fc.assert(
      fc.property(anyDecimal, (text) => {
        expect(JSON.stringify(wireNumber(text))).toBe(canonicalDecimal(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are refused when a double would say something else", () => {
    expect(() => wireNumber("12345678901234.5678901")).toThrow(RangeError);
    expect(() => wireNumber("0.0000001")).toThrow(RangeError);
  });
});
