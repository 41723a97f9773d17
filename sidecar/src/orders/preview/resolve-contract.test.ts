import { beforeEach, describe, expect, it } from "vitest";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import type { SecDef } from "../../client-portal/endpoints/contracts.ts";
import { type ContractAsked, contractOf, resolveContract } from "./resolve-contract.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const resolve = (asked: ContractAsked) => pc.finish(resolveContract(pc.context(), asked));
const rule = async (asked: ContractAsked) => {
  const found = await resolve(asked);
  return found.ok ? found.contract.conid : found.refusals.map((one) => `${one.field} ${one.rule}`);
};
const stock = (conid: number, over: object = {}) => ({
  conid,
  currency: "USD",
  name: "X CORP",
  assetClass: "STK",
  ticker: "X",
  listingExchange: "NYSE",
  countryCode: "US",
  isUS: true,
  ...over,
});
function listed(...rows: ReturnType<typeof stock>[]) {
  pc.broker.answers["secdef.search"] = rows.map(({ conid, ticker, listingExchange }) => ({
    conid,
    symbol: ticker,
    description: listingExchange,
    sections: [{ secType: "STK" }],
  }));
  pc.broker.answers["trsrv.secdef"] = { secdef: rows };
}

describe("the contract of an order", () => {
  it("is the one of its conid, and what else is said of it must agree", async () => {
    expect(await rule({ conid: 265598, symbol: "AAPL", currency: "USD" })).toBe(265598);
    expect(await rule({ conid: 265598, symbol: "MSFT", currency: "EUR" })).toEqual([
      "symbol agrees_with_broker",
      "currency agrees_with_broker",
    ]);
  });

  it("is refused when the broker does not know it, or not what it is", async () => {
    expect(await rule({ conid: 7 })).toEqual(["conid known"]);
    listed(stock(7, { assetClass: "BOND" }));
    expect(await rule({ conid: 7 })).toEqual(["conid tradable_kind"]);
    expect(await rule({})).toEqual(["conid required"]);
  });

  it("is found by a symbol that means one thing", async () => {
    listed(stock(7));
    expect(await rule({ symbol: "X" })).toBe(7);
    listed();
    expect(await rule({ symbol: "X" })).toEqual(["symbol known"]);
  });

  it("is never guessed among several, and never one of another exchange than the named", async () => {
    listed(stock(7), stock(8, { listingExchange: "ARCA" }));
    const found = await resolve({ symbol: "X", currency: "USD" });
    expect(found).toMatchObject({ ok: false, refusals: [{ code: "INPUT_AMBIGUOUS_CONTRACT" }] });
    expect(found.ok ? [] : found.candidates.map(({ conid }) => conid)).toEqual([7, 8]);
    expect(await rule({ symbol: "X", exchange: "ARCA" })).toBe(8);
    expect(await rule({ symbol: "X", exchange: "LSE" })).toEqual(["exchange lists_symbol"]);
  });

  it("of an option needs its expiry, strike and right", async () => {
    listed(stock(7));
    expect(await rule({ symbol: "X", asset_class: "OPT" })).toEqual([
      "expiry required_for_asset_class",
    ]);
  });

  it("of a future is the one that ends on the named day", async () => {
    pc.broker.answers["trsrv.futures"] = {
      X: [
        { symbol: "X", conid: 20, expirationDate: 20261218 },
        { symbol: "X", conid: 21, expirationDate: 20270319 },
      ],
    };
    pc.broker.answers["trsrv.secdef"] = {
      secdef: [stock(21, { assetClass: "FUT", expiry: "20270319", multiplier: 50 })],
    };
    expect(await rule({ symbol: "X", asset_class: "FUT", expiry: "20270319" })).toBe(21);
    expect(await rule({ symbol: "X", asset_class: "FUT", expiry: "20270618" })).toEqual([
      "symbol known",
    ]);
  });
});

describe("a contract in our words", () => {
  const fact = (over: object): SecDef => ({
    ...({
      conid: 9,
      currency: "USD",
      assetClass: "OPT",
      ticker: "X",
      listingExchange: null,
      expiry: "2026-12-18",
      lastTradingDay: null,
      putOrCall: "call",
      strike: "200.00",
      multiplier: "100",
    } as unknown as SecDef),
    ...over,
  });

  it("states every term of an option, in canonical decimals", () => {
    expect(contractOf(9, fact({}))).toMatchObject({
      asset_class: "OPT",
      expiry: "20261218",
      strike: "200",
      right: "C",
      multiplier: "100",
      exchange: "SMART",
    });
  });

  it.each([
    ["no strike", { strike: null }],
    ["no right", { putOrCall: null }],
    ["no expiry", { expiry: null }],
    ["no multiplier", { multiplier: null }],
    ["a multiplier of zero", { multiplier: "0" }],
    ["no currency", { currency: null }],
  ])("is none of an option with %s", (_name, over) => {
    expect(contractOf(9, fact(over))).toBeNull();
  });
});
