import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL, readyToTrade, resting, SPY, submitAll } from "../orders/testing.ts";
import { type Bench, PAPER, startBench } from "../testing/client.ts";
import { type BookJson, type BookSaver, SavedBook } from "./saved-book.ts";

const WEDNESDAY = Date.UTC(2026, 3, 1, 14, 30);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Keeps what a file would: text. */
function keeper(text: string | null): BookSaver & { text(): string } {
  let latest = text ?? "";
  return {
    last: text === null ? null : SavedBook.parse(JSON.parse(text)),
    save: (book: BookJson) => {
      latest = JSON.stringify(book);
    },
    text: () => latest,
  };
}

let kept = keeper(null);
let bench: Bench;
let open: Bench[] = [];
afterEach(async () => {
  for (const one of open) await one.close();
  open = [];
});

/** A run of the broker that goes on with the book of the one before. */
async function run(startAt: number, text: string | null = null): Promise<void> {
  kept = keeper(text);
  bench = await startBench({ startAt, marketHours: "always", book: kept });
  open.push(bench);
  await readyToTrade(bench);
}

async function restart(afterMs: number): Promise<void> {
  const at = bench.control.now();
  await bench.close();
  open.pop();
  await run(at + afterMs, kept.text());
}

const buy = (more: Record<string, unknown> = {}) =>
  resting({ orderType: "MKT", price: undefined, tif: "DAY", quantity: 4, ...more });
const held = (conid: number) =>
  bench.control.world().accounts.get(PAPER)?.positions.get(conid)?.quantity.toFixed();
const cash = () => bench.control.world().accounts.get(PAPER)?.cash.get("USD")?.toFixed();
const order = (id: number) => bench.control.orders().find((one) => one.id === id);
const fills = async () => {
  await bench.get("/iserver/account/trades?days=7");
  const { json } = await bench.get("/iserver/account/trades?days=7");
  return Array.isArray(json) ? json.map(({ execution_id: id }) => String(id)) : [];
};

describe("a broker that is started again", () => {
  it("still holds what was bought yesterday, with its cash, its fills and its list of orders", async () => {
    await run(WEDNESDAY);
    const { id } = await submitAll(bench, buy({ cOID: "first" }));
    await bench.control.advance(10_000);
    const before = [held(AAPL), cash(), await fills()];
    expect(before[0]).toBe("29");
    await restart(DAY_MS);
    expect([held(AAPL), cash(), await fills()]).toEqual(before);
    expect(order(id)).toMatchObject({ status: "Filled", listed: false, ref: "first" });
    // The same reference is still spoken for, as it would be at the broker.
    const again = await submitAll(bench, buy({ cOID: "first" }));
    expect(again.id).not.toBe(id);
    await bench.control.advance(10_000);
    const ids = await fills();
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(bench.control.orders().map((one) => one.id)).size).toBe(2);
    expect(held(AAPL)).toBe("33");
  });

  it("works on what was working, ends what ran out meanwhile, and finishes what was under way", async () => {
    await run(WEDNESDAY);
    const lasting = await submitAll(bench, resting({ cOID: "lasting" }));
    const day = await submitAll(bench, resting({ tif: "DAY", cOID: "day" }));
    const leaving = await submitAll(bench, resting({ cOID: "leaving" }));
    await bench.control.advance(5_000);
    await bench.call("DELETE", `/iserver/account/${PAPER}/order/${leaving.id}`);
    const coming = await submitAll(bench, buy({ cOID: "coming" }));
    await restart(2 * DAY_MS);
    await bench.control.advance(10_000);
    const states = [lasting, day, leaving, coming].map(({ id }) => order(id)?.status);
    expect(states).toEqual(["Submitted", "Cancelled", "Cancelled", "Filled"]);
    expect(order(day.id)?.reason).toBe("Order expired");
    bench.control.pin(AAPL, { last: 97, bid: 96.99, ask: 97.01 });
    await bench.control.advance(10_000);
    expect(order(lasting.id)?.status).toBe("Filled");
  });

  it("keeps a bracket together", async () => {
    await run(WEDNESDAY);
    await submitAll(
      bench,
      buy({ cOID: "entry", tif: "GTC", orderType: "LMT", price: 101 }),
      buy({ parentId: "entry", side: "SELL", tif: "GTC", orderType: "LMT", price: 110 }),
      buy({ parentId: "entry", side: "SELL", tif: "GTC", orderType: "STP", price: 90 }),
    );
    await bench.control.advance(10_000);
    await restart(HOUR_MS);
    bench.control.pin(AAPL, { last: 111, bid: 110.99, ask: 111.01 });
    await bench.control.advance(10_000);
    expect(bench.control.orders().map(({ status }) => status)).toEqual([
      "Filled",
      "Filled",
      "Cancelled",
    ]);
    expect(held(AAPL)).toBe("25");
  });

  it("begins a new day's profit and loss after a night, and not before", async () => {
    await run(WEDNESDAY);
    await submitAll(bench, buy({ side: "SELL", cOID: "out" }));
    await bench.control.advance(10_000);
    const today = () => bench.control.world().accounts.get(PAPER)?.realized.size;
    expect(today()).toBe(1);
    await restart(HOUR_MS);
    expect(today()).toBe(1);
    await restart(DAY_MS);
    expect(today()).toBe(0);
  });
});

it("whatever happened, reading a book back and keeping it again gives the same book", async () => {
  const step = fc.record({
    conid: fc.constantFrom(AAPL, SPY),
    side: fc.constantFrom("BUY", "SELL"),
    quantity: fc.integer({ min: 1, max: 7 }),
    type: fc.constantFrom<Record<string, unknown>>(
      { orderType: "MKT", price: undefined },
      { orderType: "LMT", price: 98 },
      { orderType: "STP", price: 102 },
      { orderType: "TRAIL", price: undefined, trailingAmt: 1.25, trailingType: "amt" },
    ),
    tif: fc.constantFrom("DAY", "GTC"),
    waitMs: fc.integer({ min: 0, max: 3_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
      await run(WEDNESDAY);
      for (const [index, { type, waitMs, ...rest }] of steps.entries()) {
        await submitAll(bench, resting({ ...rest, ...type, cOID: `c${index}` }));
        await bench.control.advance(waitMs);
      }
      await bench.close();
      const text = kept.text();
      const again = keeper(text);
      const next = await startBench({
        startAt: JSON.parse(text).saved_at,
        marketHours: "always",
        book: again,
      });
      await next.close();
      open = [];
      expect(JSON.parse(again.text())).toEqual(JSON.parse(text));
    }),
    { numRuns: 12 },
  );
});

describe("a book that is not this broker's", () => {
  const story = async (): Promise<Record<string, unknown>> => {
    await run(WEDNESDAY);
    await submitAll(bench, buy());
    await bench.control.advance(10_000);
    return JSON.parse(kept.text());
  };

  it("is refused, be it of other accounts or of contracts that do not exist", async () => {
    const text = JSON.stringify(await story());
    for (const [from, to] of [
      [PAPER, "DU9999999"],
      [String(AAPL), "424242424"],
    ] as const) {
      const other = keeper(text.replaceAll(from, to));
      await expect(startBench({ book: other })).rejects.toThrow(RangeError);
    }
  });

  it("is not read when a part of it is missing or does not fit", async () => {
    const book = await story();
    expect(SavedBook.safeParse(book).success).toBe(true);
    for (const damage of [
      { version: 2 },
      { orders: [] },
      { accounts: [] },
      { executions: undefined },
      { more: 1 },
    ]) {
      expect(SavedBook.safeParse({ ...book, ...damage }).success).toBe(false);
    }
  });
});
