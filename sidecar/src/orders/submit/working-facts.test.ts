import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { ACCOUNT, bookRow, notAnswered, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operations/resolve-account.ts";
import { readWorkingFacts } from "./working-facts.ts";

const USD = new Map([["USD", "1"]]);

async function rig() {
  const pc = pcOrders();
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return { pc, context, account };
}

describe("the working orders of an account", () => {
  it("leave out what has ended, and know their own by reference and by id", async () => {
    const { pc, context, account } = await rig();
    const own = anIntentRecord();
    pc.store.insert(own);
    pc.broker.answers["iserver.orders"] = {
      orders: [
        bookRow({ order_ref: own.coid }),
        bookRow({ orderId: 12, status: "Filled" }),
        bookRow({ orderId: 13, side: "SELL", parentId: 11 }),
      ],
      snapshot: true,
    };
    expect(await readWorkingFacts(context, account, pc.store, USD)).toMatchObject([
      { order_id: "11", foreign: false, side: "BUY", remaining: "1", notional: "187.25" },
      { order_id: "13", foreign: true, side: "SELL", parent_ref: own.coid, exit_only: true },
    ]);
  });

  it("count what they put at risk: a put that is sold its strike, whatever its price", async () => {
    const { pc, context, account } = await rig();
    const terms = { ticker: "AAPL", currency: "USD", expiry: "20261218", listingExchange: "CME" };
    pc.broker.answers["trsrv.secdef"] = {
      secdef: [
        { ...terms, conid: 7, assetClass: "OPT", multiplier: 100, strike: 500, putOrCall: "P" },
        { ...terms, conid: 8, assetClass: "FUT", multiplier: 50 },
      ],
    };
    const row = (conid: number, secType: string, over: object) =>
      bookRow({ conid, secType, orderId: 20 + conid, order_ref: undefined, ...over });
    pc.broker.answers["iserver.orders"] = {
      orders: [
        row(7, "OPT", { side: "SELL", price: "0.05", remainingQuantity: 100, totalSize: 100 }),
        row(8, "FUT", { price: "4500" }),
        row(9, "OPT", { price: "1" }),
      ],
      snapshot: true,
    };
    const read = await readWorkingFacts(context, account, pc.store, USD);
    expect(read?.map(({ conid, notional }) => [conid, notional])).toEqual([
      [7, "5000000"],
      [8, "225000"],
      [9, null],
    ]);
  });

  it.each([
    ["a row has no side", { side: null }],
    ["a row has no remaining quantity", { remainingQuantity: null }],
    ["a row has no id", { orderId: null }],
  ])("are unknown when %s", async (_name, over) => {
    const { pc, context, account } = await rig();
    pc.broker.answers["iserver.orders"] = { orders: [bookRow(over)], snapshot: true };
    expect(await readWorkingFacts(context, account, pc.store, USD)).toBeNull();
  });

  it("are unknown when the broker does not answer", async () => {
    const { pc, context, account } = await rig();
    pc.broker.answers["iserver.orders"] = notAnswered();
    expect(await readWorkingFacts(context, account, pc.store, USD)).toBeNull();
  });
});
