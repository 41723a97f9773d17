import { effectOf } from "@ibkr-edge-gateway/protocol/orders/effect.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { AAPL, aLeg, anOrder, NOW } from "../../../../test/support/orders.ts";
import { ACCOUNT, bookRow, notAnswered, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { capFaults } from "../../trust/limits/cap-faults.ts";
import { DEFAULT_CAPS } from "../../trust/limits/caps.ts";
import { killFaults } from "../../trust/limits/kill-switch-file.ts";
import { atWorst, readWorkingFacts, type UnreadOrder, unreadNotes } from "./working-facts.ts";

const holds = (quantity: string): PositionFact[] => [
  {
    conid: AAPL.conid,
    quantity,
    value: "18000",
    asset_class: "STK",
    issuer: null,
    sector: null,
    country: null,
    currency: "USD",
  },
];
const exit = (quantity = "100") => anOrder({ legs: [aLeg({ side: "SELL", quantity })] });

async function bookOf(row: object) {
  const pc = pcOrders();
  const context = pc.context();
  const rows = [bookRow({ orderId: 9, side: "BUY", ...row })];
  pc.broker.answers["iserver.orders"] = { orders: rows, snapshot: true };
  const account = await resolveAccount(context, ACCOUNT);
  const read = await readWorkingFacts(context, account, pc.store, null);
  if (read === null) throw new Error("the list was not read");
  return read.value;
}

describe("an order that cannot be read", () => {
  it.each([
    ["a bitcoin order of TWS", { conid: 479624278, remainingQuantity: 0.00123456 }],
    ["a combo of TWS", { conid: -1, conidex: "28812380;;;1/1,2/-1" }],
    ["an amount order", { conid: 756733, remainingQuantity: "", totalSize: null }],
    ["a row without an id", { conid: 756733, orderId: null }],
    ["a row without anything", { conid: null, orderId: null, side: null, totalSize: null }],
  ])("elsewhere leaves an exit an exit: %s", async (_name, row) => {
    const book = await bookOf(row);
    expect(book.unread).toHaveLength(1);
    const effect = effectOf(exit(), holds("100"), atWorst(book, holds("100")), NOW);
    expect(effect?.kind).toBe("exit");
    expect(killFaults({ engaged: true, since: null, reason: null }, exit(), effect)).toEqual([]);
    const usage = { ordersLastMinute: 0, ordersToday: 0, dailyPnl: "-6000" };
    const numbers = { notional: "18000", missing: null, units: "100", effect, usage };
    expect(capFaults({ ok: true, caps: DEFAULT_CAPS }, exit(), numbers)).toEqual([]);
    // No larger than what is held, whatever that order does.
    const larger = effectOf(exit("100.5"), holds("100"), atWorst(book, holds("100")), NOW);
    expect(larger?.kind).toBe("flip");
  });

  it("of the same contract counts as the worst it can be", async () => {
    const kind = async (row: object, quantity: string) => {
      const book = await bookOf({ conid: AAPL.conid, ...row });
      return effectOf(exit(quantity), holds("100"), atWorst(book, holds("100")), NOW)?.kind;
    };
    const odd = { side: "SELL", remainingQuantity: "0.12345678" };
    expect(await kind(odd, "99.876543")).toBe("exit");
    expect(await kind(odd, "99.876544")).toBe("flip");
    const sized = { side: null, remainingQuantity: null, totalSize: 40 };
    expect(await kind(sized, "60")).toBe("exit");
    expect(await kind(sized, "61")).toBe("flip");
    const nothing = { side: "SELL", remainingQuantity: null, totalSize: null };
    expect(await kind(nothing, "1")).toBe("flip");
    expect(await kind({ ...nothing, side: "BUY" }, "100")).toBe("exit");
  });

  it("is named, by its number where it has one", () => {
    const unread: UnreadOrder[] = [
      { order_id: "9", conid: null, side: null, remaining: null },
      { order_id: null, conid: 5, side: null, remaining: null },
    ];
    const notes = unreadNotes({ working: [], unread });
    expect(notes.join(" ")).toContain("(9)");
    expect(notes).toHaveLength(2);
    expect(unreadNotes({ working: [], unread: [] })).toEqual([]);
  });

  it("never lets an exit sell more than is held beside what may take of the same contract", () => {
    const row = fc.record({
      order_id: fc.constant(null),
      conid: fc.constantFrom(AAPL.conid, 1, null),
      side: fc.constantFrom("BUY", "SELL", null),
      remaining: fc.option(fc.integer({ min: 0, max: 60 }).map(String)),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.integer({ min: 1, max: 60 }), (unread, q) => {
        const positions = holds("50");
        const worst = atWorst({ working: [], unread }, positions);
        const effect = effectOf(exit(String(q)), positions, worst, NOW);
        const mine = unread.filter(({ conid, side }) => conid === AAPL.conid && side !== "BUY");
        const taken = mine.reduce((sum, { remaining }) => sum + Number(remaining ?? 50), 0);
        expect(effect?.kind).toBe(q <= 50 - taken ? "exit" : "flip");
      }),
    );
  });
});

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
    expect((await readWorkingFacts(context, account, pc.store, USD))?.value.working).toMatchObject([
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
    expect(read?.value.working.map(({ conid, notional }) => [conid, notional])).toEqual([
      [7, "5000000"],
      [8, "225000"],
      [9, null],
    ]);
  });

  it.each([
    ["no side", { side: null }, { order_id: "11", side: null, remaining: "1" }],
    [
      "no remaining quantity",
      { remainingQuantity: null, totalSize: 7 },
      { order_id: "11", side: "BUY", remaining: "7" },
    ],
    ["no id", { orderId: null }, { order_id: null, side: "BUY", remaining: "1" }],
    ["no account", { acct: null }, { order_id: "11", side: "BUY", remaining: "1" }],
  ])("name a row that has %s, with what is known of it", async (_name, over, known) => {
    const { pc, context, account } = await rig();
    const rows = [bookRow({ orderId: 12 }), bookRow(over)];
    pc.broker.answers["iserver.orders"] = { orders: rows, snapshot: true };
    const read = await readWorkingFacts(context, account, pc.store, USD);
    expect(read?.value.working).toMatchObject([{ order_id: "12" }]);
    expect(read?.value.unread).toEqual([{ conid: 265598, ...known }]);
  });

  it("leave out a row of another account, or of an order that has ended, that cannot be read", async () => {
    const { pc, context, account } = await rig();
    const rows = [
      bookRow({ acct: "DU7654321", orderId: null }),
      bookRow({ orderId: null, status: "Filled" }),
    ];
    pc.broker.answers["iserver.orders"] = { orders: rows, snapshot: true };
    const read = await readWorkingFacts(context, account, pc.store, USD);
    expect(read?.value).toEqual({ working: [], unread: [] });
  });

  it("are unknown when the broker does not answer", async () => {
    const { pc, context, account } = await rig();
    pc.broker.answers["iserver.orders"] = notAnswered();
    expect(await readWorkingFacts(context, account, pc.store, USD)).toBeNull();
  });
});
