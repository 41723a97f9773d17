import type { CanonicalOrder } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { AAPL, aBracket, aLeg, anOrder } from "../../../../test/support/orders.ts";
import {
  ACCOUNT,
  bookRow,
  notAnswered,
  type PcOrders,
  pcOrders,
} from "../../../../test/support/pc-orders.ts";
import type { OperationContext } from "../../operation-handlers/operation-context.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { readOrderFacts } from "./read-order-facts.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const BUY = anOrder();
const SELL = anOrder({ legs: [aLeg({ side: "SELL" })] });

function holds(position: number, conid = AAPL.conid): void {
  pc.broker.answers["portfolio2.positions"] = [
    {
      conid,
      position,
      marketPrice: 187,
      marketValue: 187 * position,
      currency: "USD",
      secType: "STK",
    },
  ];
}

async function gather(order: CanonicalOrder, context: OperationContext = pc.context()) {
  const account = await resolveAccount(pc.context(), ACCOUNT);
  pc.broker.asked.length = 0;
  return readOrderFacts({ session: pc.side.session, store: pc.store }, context, order, account);
}
const orders = () => pc.broker.asked.filter((name) => name === "iserver.orders").length;

describe("the facts that decide an order", () => {
  it("are not asked for without a broker session, which says what to do", async () => {
    pc.broker.session = { ...pc.broker.session, state: "login_required" };
    await expect(gather(BUY)).rejects.toMatchObject({
      failure: { code: "BROKER_SESSION_REQUIRED" },
    });
    expect(pc.broker.asked).toEqual([]);
  });

  it("are the market, the hours, the rates, the positions and the day's result, as of now", async () => {
    const at = pc.clock.now();
    holds(3);
    pc.broker.answers["portfolio.ledger"] = { EUR: { exchangerate: 1.1 } };
    expect(await gather(BUY)).toMatchObject({
      market: { value: { bid: "187.2", ask: "187.3" }, at, proved: true },
      hours: { value: { tradable_now: true }, at, proved: true },
      rates: { value: new Map(Object.entries({ EUR: "1.1", USD: "1" })), at },
      positions: { value: [{ conid: AAPL.conid, quantity: "3", value: "561" }], at },
      dailyPnl: { value: "-12.5", at },
    });
  });

  it("are null where the broker does not answer, each alone", async () => {
    const { answers } = pc.broker;
    answers["marketdata.snapshot"] = notAnswered();
    answers["iserver.pnl"] = notAnswered();
    const seen = await gather(BUY);
    expect([seen.market, seen.dailyPnl]).toEqual([null, null]);
    expect(seen.positions?.value).toEqual([]);
    expect(seen.taking?.value).toEqual([]);
  });

  it("take no kept answer: positions only from the broker now, the rest within its own time", async () => {
    holds(1);
    const context = pc.context();
    const asked: { name: string; fresh: boolean; kept: number | null; ttlMs: number }[] = [];
    await gather(SELL, {
      ...context,
      ask: (ask, options = {}) => {
        const { fresh = false, maxAgeMs: kept = null } = options;
        asked.push({ name: ask.name, fresh, kept, ttlMs: ask.ttlMs });
        return context.ask(ask, options);
      },
    });
    const names = asked.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["marketdata.snapshot", "portfolio2.positions", "iserver.orders"]),
    );
    for (const { name, fresh, kept, ttlMs } of asked) {
      if (name === "portfolio2.positions") expect({ name, fresh }).toEqual({ name, fresh: true });
      expect({ name, bounded: kept !== null && kept <= ttlMs }).toEqual({ name, bounded: true });
    }
  });
});

describe("what may take from the position before the order does", () => {
  it.each([
    ["a sale without a position", SELL, 0],
    ["a purchase beside a long position", BUY, 5],
    ["a sale beside a short position", SELL, -5],
    ["a bracket, which opens", aBracket(), -5],
  ])("is nobody's list for %s", async (_name, order, position) => {
    if (position !== 0) holds(position);
    const seen = await gather(order);
    expect(orders()).toBe(0);
    expect(seen.taking?.value).toEqual([]);
  });

  it("is not looked for because of a position in another contract", async () => {
    holds(5, 7);
    await gather(SELL);
    expect(orders()).toBe(0);
  });

  it.each([
    ["a sale of what is held", SELL, 5],
    ["a purchase of what is short", BUY, -5],
  ])("is the broker's list for %s", async (_name, order, position) => {
    holds(position);
    pc.broker.answers["iserver.orders"] = {
      orders: [bookRow({ side: "SELL", totalSize: 4, filledQuantity: 1, remainingQuantity: 3 })],
      snapshot: true,
    };
    const seen = await gather(order);
    expect(orders()).toBe(1);
    expect(seen.taking?.value).toMatchObject([{ order_id: "11", side: "SELL", remaining: "3" }]);
    expect(seen.taking?.at).toBe(pc.clock.now());
  });

  it("counts a row that could not be read as the worst it can be", async () => {
    holds(5);
    const row = bookRow({ side: "SELL", totalSize: null, remainingQuantity: null });
    pc.broker.answers["iserver.orders"] = { orders: [row], snapshot: true };
    const seen = await gather(SELL);
    expect(seen.taking?.value).toMatchObject([{ side: "SELL", remaining: "5" }]);
  });

  it("is not known when the list or the positions were not read: never nothing", async () => {
    holds(5);
    pc.broker.answers["iserver.orders"] = notAnswered();
    const unread = await gather(SELL);
    expect(unread.positions?.value).toHaveLength(1);
    expect(unread.taking).toBeNull();

    for (const name of ["portfolio2.positions", "portfolio.positions"]) {
      pc.broker.answers[name] = notAnswered();
    }
    expect(await gather(SELL)).toMatchObject({ positions: null, taking: null });
  });

  it("has what this PC sent and nobody shows yet, with the list and without it", async () => {
    const sent = anOrder({ legs: [aLeg({ side: "SELL", quantity: "2" })] });
    pc.store.insert(anIntentRecord(0, { state: "submitting", sent: true }, sent));
    const own = [{ conid: AAPL.conid, side: "SELL", remaining: "2" }];
    expect((await gather(SELL)).taking?.value).toMatchObject(own);
    expect(orders()).toBe(0);
    holds(5);
    expect((await gather(SELL)).taking?.value).toMatchObject(own);
    expect(orders()).toBe(1);
  });
});
