import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asks, refusal, turnedDown } from "../../test/support/tool-input.ts";
import { TOOLS } from "./catalogue.ts";
import { historicalBarsTool } from "./tools/historical-bars.ts";
import { marketSnapshotTool } from "./tools/market-snapshot.ts";
import { ocaOrderPreviewTool } from "./tools/oca-order-preview.ts";
import { orderPreviewTool } from "./tools/order-preview.ts";
import { orderWrites } from "./tools/order-writes.ts";
import { ordersListTool } from "./tools/orders-list.ts";
import { rewrittenNumbers } from "./wire/exact-numbers.ts";

const [paperOrderSubmit, paperOrderCancel] = orderWrites("paper");

const order = {
  account_id: "DU1234567",
  conid: 265598,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  limit_price: "187.25",
};
const meant = { ...order, time_in_force: "DAY", outside_rth: false, reduce_only: false };

describe("B14: an order as models write it", () => {
  it.each<[string, JsonObject, JsonObject]>([
    ["numbers for decimals", { quantity: 1, limit_price: 187.25 }, {}],
    ["a tenth", { quantity: 0.1 }, { quantity: "0.1" }],
    ["an id as text", { conid: "265598" }, {}],
    ["null for what is absent", { stop_price: null, symbol: null, time_in_force: null }, {}],
    ["small letters", { side: "buy", order_type: "lmt", time_in_force: "day" }, {}],
    ["a capital", { side: "Buy", order_type: "Lmt", time_in_force: "Day" }, {}],
    ["words for codes", { order_type: "limit", asset_class: "Stock" }, { asset_class: "STK" }],
    ["a word in capitals", { order_type: "LIMIT" }, {}],
    ["a code in small letters", { account_id: "du1234567", currency: "usd" }, { currency: "USD" }],
  ])("%s", (_, over, changed) => {
    expect(asks(orderPreviewTool, { ...order, ...over })).toEqual({ ...meant, ...changed });
  });

  it.each([
    ["stop limit", "STOP_LIMIT"],
    ["STP LMT", "STOP_LIMIT"],
    ["stop-limit", "STOP_LIMIT"],
  ])("%s is %s", (said, type) => {
    const asked = asks(orderPreviewTool, { ...order, order_type: said, stop_price: 187 });
    expect(asked).toMatchObject({ order_type: type, stop_price: "187" });
  });

  it("in a list of orders too", () => {
    const { order_type: _, limit_price: __, ...shared } = order;
    const asked = asks(ocaOrderPreviewTool, {
      ...shared,
      side: "sell",
      quantity: 5,
      orders: [
        { order_type: "limit", limit_price: 200, stop_price: null },
        { order_type: "stop", stop_price: 150.5 },
      ],
    });
    expect(asked).toMatchObject({
      side: "SELL",
      quantity: "5",
      orders: [
        { order_type: "LMT", limit_price: "200" },
        { order_type: "STP", stop_price: "150.5" },
      ],
    });
  });

  it("without an account, which is put in where the accounts are known", () => {
    const { account_id: _, ...rest } = order;
    expect(asks(orderPreviewTool, rest)).not.toHaveProperty("account_id");
    const submit = { approval_id: "a1", idempotency_key: "key-12345" };
    expect(asks(paperOrderSubmit, submit)).toEqual({
      ...submit,
      mode: "paper",
      structure: "single",
    });
    expect(turnedDown(orderPreviewTool, { ...rest, limit_price: "0" }).code).toBe(
      "ORDER_PRICE_INVALID",
    );
  });

  it("an order's number as a JSON number, where it is exact", () => {
    const asked = { order_id: 123456789, idempotency_key: "key-12345" };
    expect(asks(paperOrderCancel, asked)).toMatchObject({ order_id: "123456789" });
    expect(refusal(paperOrderCancel, { ...asked, order_id: -1 })).toContain("order_id must be");
  });

  it("refuses a number that may be another one, with the text to send", () => {
    const body = '{"quantity":9007199254740993,"limit_price":1e2}';
    const args: JsonObject = JSON.parse(body);
    const prepared = orderPreviewTool.prepare({ ...order, ...args }, rewrittenNumbers(body));
    expect(prepared).toMatchObject({ ok: false, failure: { code: "ORDER_QUANTITY_INVALID" } });
    const message = prepared.ok ? "" : prepared.failure.message;
    expect(message).toContain('Send it as text: "9007199254740993".');
    expect(message).toContain('Send it as text: "100".');
  });

  it.each<[string, JsonObject]>([
    ["a yes as text", { outside_rth: "true" }],
    ["a number with a comma", { limit_price: "1,000" }],
    ["two sides in one", { side: "BUYSELL" }],
    ["an unknown word", { order_type: "iceberg" }],
    ["a word that is inherited", { order_type: "constructor" }],
  ])("refuses %s", (_, over) => {
    expect(orderPreviewTool.prepare({ ...order, ...over })).toMatchObject({ ok: false });
  });
});

describe("B14: a read as models write it", () => {
  it.each([
    ["[265598]"],
    ["[265598, 8314]"],
    ["265598,8314"],
    ["265598"],
    [265598],
    [["265598"]],
    [[265598]],
  ])("conids %j", (conids) => {
    const asked = asks(marketSnapshotTool, { conids });
    const both = JSON.stringify(conids).includes("8314");
    expect(asked).toMatchObject({ conids: both ? [265598, 8314] : [265598] });
  });

  it.each([["[265598"], ['["x"]'], ["[[265598]]"], [""], ["{}"], [[]], ["265598;8314"]])(
    "refuses conids %j",
    (conids) => {
      expect(marketSnapshotTool.prepare({ conids })).toMatchObject({ ok: false });
    },
  );

  it("takes yes and no as text, and nothing that only looks like them", () => {
    const bars = { conid: 265598, bar: "1min", period: "1d" };
    for (const [said, is] of [
      ["true", true],
      ["True", true],
      ["false", false],
    ] as const) {
      expect(asks(historicalBarsTool, { ...bars, outside_rth: said })).toMatchObject({
        outside_rth: is,
      });
    }
    for (const said of ["yes", "1", 1, "", "null"]) {
      expect(refusal(historicalBarsTool, { ...bars, outside_rth: said })).toContain(
        "outside_rth must be true or false",
      );
    }
  });

  it("takes null for an absent cursor", () => {
    expect(ordersListTool.prepare({ cursor: null, account_id: null, limit: null })).toMatchObject({
      ok: true,
      call: { page: { cursor: null } },
    });
  });
});

it("refuses a rehearsal that says neither yes nor no: without it the order would be sent", () => {
  if (paperOrderSubmit === undefined) throw new Error("no tool submits");
  const submit = {
    account_id: "DU1234567",
    approval_id: "00000000-0000-4000-8000-000000000001",
    idempotency_key: "rehearsal-1",
  };
  expect(paperOrderSubmit.prepare(submit).ok).toBe(true);
  expect(paperOrderSubmit.prepare({ ...submit, rehearse: true }).ok).toBe(true);
  for (const rehearse of [null, "true", 1, ""]) {
    expect([rehearse, refusal(paperOrderSubmit, { ...submit, rehearse })]).toEqual([
      rehearse,
      expect.stringContaining("rehearse must be true or false"),
    ]);
  }
});

it("no refusal shows a pattern, a type of a parser or a word of ours, whatever was sent", () => {
  const values = fc.oneof(
    ...[fc.constantFrom("", "x", "§", "-1", "2026-99-99"), fc.integer(), fc.double()],
    ...[fc.constant([]), fc.constant({}), fc.boolean(), fc.constant([null])],
  );
  fc.assert(
    fc.property(fc.constantFrom(...TOOLS), fc.array(values, { minLength: 12 }), (tool, some) => {
      const names = Object.keys(tool.listing().inputSchema.properties ?? {});
      const args = Object.fromEntries(names.map((name, at) => [name, some[at % some.length]]));
      const prepared = tool.prepare(JSON.parse(JSON.stringify(args)));
      if (prepared.ok) return;
      const { message } = prepared.failure;
      expect(message).not.toMatch(/\\d|\[A-Z|\^|\$\/|Invalid|expected|received|undefined|zod/i);
    }),
    { seed: 20261130, numRuns: 2000 },
  );
});
