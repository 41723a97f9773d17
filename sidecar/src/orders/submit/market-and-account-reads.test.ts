import { describe, expect, it } from "vitest";
import { NOW } from "../../../../test/support/orders.ts";
import { ACCOUNT, notAnswered, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import {
  figure,
  orNull,
  readAccountFact,
  readDailyPnl,
  readMarket,
  readPositionFacts,
  readRates,
} from "./market-and-account-reads.ts";

const USD = new Map([["USD", "1"]]);

async function rig() {
  const pc = pcOrders();
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return { pc, context, account };
}

describe("a fact that may be missing", () => {
  it("is null when the broker failed, and no other error is hidden", async () => {
    expect(await orNull(Promise.reject(notAnswered()))).toBeNull();
    await expect(orNull(Promise.reject(new TypeError("a mistake")))).rejects.toThrow(TypeError);
  });

  it("is a figure in the gateway's grammar or null, never zero", () => {
    expect(figure("1.1234567890129")).toBe("1.123456789013");
    for (const none of [null, undefined, "", "NaN", "Infinity", "1,5", "—"]) {
      expect(figure(none)).toBeNull();
    }
    expect(figure("0")).toBe("0");
  });
});

describe("the market of a contract", () => {
  it("has its sides and the last price while it is open", async () => {
    const { context } = await rig();
    const read = await readMarket(context, 265598);
    expect(read.at).toBe(context.clock.now());
    expect(read.value).toMatchObject({
      bid: "187.2",
      ask: "187.3",
      last: "187.25",
      at: NOW,
    });
  });
});

describe("the rates of an account", () => {
  it("takes no rate of zero, and knows the base currency's without asking", async () => {
    const { pc, context, account } = await rig();
    pc.broker.answers["portfolio.ledger"] = {
      EUR: { exchangerate: 0 },
      CHF: { exchangerate: 1.1 },
    };
    const read = await readRates(context, account);
    expect([...(read?.value ?? [])]).toEqual([
      ["CHF", "1.1"],
      ["USD", "1"],
    ]);
    expect(await readRates(context, { ...account, baseCurrency: null })).toBeNull();
  });
});

describe("the positions of an account", () => {
  const position = {
    conid: 265598,
    position: 5,
    marketPrice: 10,
    marketValue: 50,
    currency: "USD",
    secType: "STK",
  };

  it("carry their value in base currency, or none", async () => {
    const { pc, context } = await rig();
    pc.broker.answers["portfolio2.positions"] = [
      position,
      { ...position, conid: 7, currency: "EUR" },
    ];
    expect((await readPositionFacts(context, ACCOUNT, USD))?.value).toMatchObject([
      { conid: 265598, quantity: "5", value: "50" },
      { conid: 7, quantity: "5", value: null },
    ]);
  });

  it("are unknown when one row cannot be read: never less than there is", async () => {
    const { pc, context } = await rig();
    pc.broker.answers["portfolio2.positions"] = [position, { position: 3 }];
    expect(await readPositionFacts(context, ACCOUNT, USD)).toBeNull();
  });
});

describe("the account and its day", () => {
  it("sums the day's result over the partitions; one unknown makes it unknown", async () => {
    const { pc, context } = await rig();
    const upnl = { [`${ACCOUNT}.Core`]: { dpl: -12.5 }, [`${ACCOUNT}.X`]: { dpl: 2 } };
    pc.broker.answers["iserver.pnl"] = { upnl };
    expect((await readDailyPnl(context, ACCOUNT))?.value).toBe("-10.5");
    pc.broker.answers["iserver.pnl"] = { upnl: { ...upnl, [`${ACCOUNT}.X`]: {} } };
    expect(await readDailyPnl(context, ACCOUNT)).toBeNull();
    pc.broker.answers["iserver.pnl"] = { upnl: {} };
    expect(await readDailyPnl(context, ACCOUNT)).toBeNull();
  });

  it("takes no line that the broker marks as empty or writes in another currency", async () => {
    const { pc, context, account } = await rig();
    pc.broker.answers["portfolio.summary"] = {
      netliquidation: { amount: 100, currency: "USD" },
      buyingpower: { amount: 400, currency: "EUR" },
      totalcashvalue: { amount: 0, currency: "USD", isNull: true },
    };
    expect(await readAccountFact(context, account)).toMatchObject({
      net_liquidation: "100",
      buying_power: null,
      cash: null,
      excess_liquidity: null,
      daily_pnl: "-12.5",
    });
    pc.broker.answers["portfolio.summary"] = notAnswered();
    expect(await readAccountFact(context, account)).toBeNull();
  });
});
