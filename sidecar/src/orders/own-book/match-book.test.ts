import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anIntentRecord, START_MS } from "../../../../test/support/intent-record.ts";
import { OrderRow } from "../../client-portal/endpoints/orders.ts";
import { TradeRow } from "../../client-portal/endpoints/trades.ts";
import type { IntentRecord } from "../journal/intent-record.ts";
import type { OwnStatementRow } from "../journal/tables/own-statements.ts";
import type { BookRead } from "../tracking/order-book-read.ts";
import { type MatchParts, matchBook } from "./match-book.ts";

const ACCOUNT = "DU1234567";
const HOUR_MS = 3_600_000;

const order = (ref: string | null, id = "11") =>
  OrderRow.parse({ acct: ACCOUNT, orderId: id, order_ref: ref, status: "Submitted" });
const trade = (ref: string | null, id = "0001.01") =>
  TradeRow.parse({
    accountCode: ACCOUNT,
    execution_id: id,
    order_ref: ref,
    size: 1,
    price: "187.25",
    trade_time_r: START_MS,
  });
const read = (over: Partial<BookRead> = {}): BookRead => ({
  orders: [],
  trades: [],
  source: "live_orders",
  at: new Date(START_MS).toISOString(),
  startedAt: START_MS,
  proved: true,
  ...over,
});
const sent = ({ coid }: IntentRecord, pcSeq = 1): OwnStatementRow => ({
  pcSeq,
  kind: "sent",
  coid,
  accountId: ACCOUNT,
  statement: "{}",
  chain: new Uint8Array(32),
  madeAtMs: START_MS,
  matched: null,
});

function match(book: BookRead, records: readonly IntentRecord[], over: Partial<MatchParts> = {}) {
  const intent = (ref: string) =>
    records.find(({ coid }) => coid === ref || coid === ref.replace(/-[a-z]$/, "")) ?? null;
  return matchBook({
    accountId: ACCOUNT,
    book,
    nowMs: START_MS + HOUR_MS,
    beganAtMs: START_MS - HOUR_MS,
    sent: records.map((record, at) => sent(record, at + 1)),
    intent,
    isStated: (coid) => records.some((record) => record.coid === coid),
    lastResult: () => null,
    ...over,
  });
}

const working = anIntentRecord(1, { state: "working", sent: true });
const filled = anIntentRecord(2, { state: "filled", sent: true });

describe("the broker's book against what this PC stated", () => {
  it("leaves nothing over when each order and execution has its statement, and the other way round", () => {
    const book = read({ orders: [order(working.coid)], trades: [trade(filled.coid)] });
    const { unmatched, gone, marks, executions } = match(book, [working, filled]);
    expect([unmatched, gone]).toEqual([[], []]);
    expect(marks.map(({ matched }) => matched)).toEqual(["found", "found"]);
    expect(executions).toEqual([{ execution_id: "0001.01", order_ref: filled.coid }]);
  });

  it("tells an order, and an execution, that this PC knows and never stated", () => {
    const book = read({ orders: [order(working.coid)], trades: [trade(filled.coid)] });
    const { unmatched } = match(book, [working, filled], { sent: [], isStated: () => false });
    expect(unmatched.map(({ what, why }) => [what, why])).toEqual([
      ["order", "not_stated"],
      ["execution", "not_stated"],
    ]);
  });

  it("tells what bears our reference and is unknown here, and nothing of what bears none", () => {
    const stranger = `ieg1-${"9".repeat(32)}`;
    const book = read({ orders: [order(stranger), order("TWS-1"), order(null)] });
    expect(match(book, []).unmatched).toEqual([
      { what: "order", id: "11", orderRef: stranger, why: "unknown_here" },
    ]);
  });

  it("asks no statement of what was sent before the book began, or of a group's member by its own name", () => {
    const book = read({ orders: [order(working.coid), order(`${filled.coid}-b`, "12")] });
    const before = { sent: [], isStated: () => false, beganAtMs: START_MS + 1 };
    expect(match(book, [working, filled], before).unmatched).toEqual([]);
    expect(match(book, [working, filled], { ...before, beganAtMs: null }).unmatched).toEqual([]);
    expect(match(book, [working, filled]).unmatched).toEqual([]);
  });

  it("tells what was sent and taken, and is not at the broker; a doubt is looked for elsewhere", () => {
    expect(match(read(), [working]).unmatched).toEqual([
      { what: "sent", id: working.coid, orderRef: working.coid, why: "not_at_broker" },
    ]);
    expect(match(read(), [filled]).unmatched).toHaveLength(1);
    const states = ["unknown", "needs_owner", "accepted", "submitting"] as const;
    for (const state of states) {
      expect(match(read(), [anIntentRecord(3, { state, sent: true })]).unmatched).toEqual([]);
    }
    expect(match(read({ proved: false }), [working, filled]).unmatched).toEqual([]);
  });

  it("marks a refused one, and one that the broker shows no more as not reconcilable", () => {
    const refused = anIntentRecord(3, { state: "rejected", sent: true });
    const cancelled = anIntentRecord(4, { state: "cancelled", sent: true });
    const late = { nowMs: START_MS + 25 * HOUR_MS };
    const { marks, gone } = match(read(), [refused, cancelled, filled], late);
    expect(marks.map(({ matched }) => matched)).toEqual(["refused", "gone"]);
    expect(gone).toEqual([cancelled.coid]);
    expect(match(read(), [filled], { nowMs: START_MS + 8 * 24 * HOUR_MS }).gone).toEqual([
      filled.coid,
    ]);
  });

  it("states a result once, and again when the broker shows another execution", () => {
    const first = match(read({ trades: [trade(filled.coid)] }), [filled]).results;
    expect(first).toMatchObject([
      { status: "filled", executions: [{ exec_id: "0001.01", quantity: "1", price: "187.25" }] },
    ]);
    const [result] = first;
    if (result === undefined) throw new Error("a result");
    const lastResult = () => JSON.stringify([result.orderId, "filled", [["0001.01", "1"]]]);
    const again = (rows: TradeRow[]) =>
      match(read({ trades: rows }), [filled], { lastResult }).results;
    expect(again([trade(filled.coid)])).toEqual([]);
    expect(again([trade(filled.coid), trade(filled.coid, "0001.02")])).toHaveLength(1);
  });

  it("depends on how long ago, and not on the hour, the day or the year", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2_500_000_000_000 }),
        fc.integer({ min: 0, max: 10 * 24 }),
        (start, hours) => {
          const moved = (record: IntentRecord) => ({
            ...record,
            created_at: start,
            updated_at: start,
          });
          const at = (begin: number, records: IntentRecord[]) =>
            match(read({ startedAt: begin + hours * HOUR_MS }), records, {
              nowMs: begin + hours * HOUR_MS,
              beganAtMs: begin - HOUR_MS,
              sent: records.map((record, n) => ({ ...sent(record, n + 1), madeAtMs: begin })),
            });
          const cancelled = anIntentRecord(4, { state: "cancelled", sent: true });
          const records = [working, filled, cancelled];
          const here = at(START_MS, records);
          const there = at(start, records.map(moved));
          expect([there.unmatched, there.gone]).toEqual([here.unmatched, here.gone]);
        },
      ),
      { seed: 20_261_130, numRuns: 200 },
    );
  });
});
