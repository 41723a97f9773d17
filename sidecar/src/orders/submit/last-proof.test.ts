import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { OrderInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { ticketText } from "@ibkr-edge-gateway/protocol/orders/signed-words.ts";
import type { PositionFact } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { AAPL, aLeg, anOrder, aTicket } from "../../../../test/support/orders.ts";
import {
  ACCOUNT,
  json,
  notAnswered,
  type PcOrders,
  pcOrders,
} from "../../../../test/support/pc-orders.ts";
import { provedPositions } from "../journal/tables/proved-positions.ts";
import { previewOrder } from "../preview/preview-order.ts";
import { exitByLastProof, keepProved, LAST_PROOF, readLastProof } from "./last-proof.ts";
import { placeOrder } from "./place-order.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const held = (quantity: string): PositionFact => ({
  conid: AAPL.conid,
  quantity,
  value: null,
  asset_class: "STK",
  issuer: null,
  sector: null,
  country: null,
  currency: "USD",
});
const prove = (quantity: string) =>
  keepProved(pc.store, ACCOUNT, {
    value: [held(quantity)],
    from: "broker",
    at: pc.clock.now(),
    proved: true,
  });
const sell = (quantity: string, over: object = {}, reduce_only = true) =>
  anOrder({ reduce_only, legs: [aLeg({ side: "SELL", quantity, limit_price: "187.2", ...over })] });
const now = (over: object = {}) => ({
  market: aTicket().market,
  maxDriftBps: "100",
  maxAgeMs: LAST_PROOF.unsaidMs,
  nowMs: pc.clock.now(),
  ...over,
});
const kind = (order = sell("5"), over: object = {}) =>
  exitByLastProof(readLastProof(pc.store, ACCOUNT), order, now(over))?.kind ?? null;

describe("an exit whose position is not known", () => {
  it("is no larger than the position that was proved last, in its direction", () => {
    prove("10");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.boolean(), (quantity, buys) => {
        const order = sell(String(quantity), buys ? { side: "BUY", limit_price: "187.3" } : {});
        expect(kind(order)).toBe(!buys && quantity <= 10 ? "exit" : null);
      }),
    );
  });

  it("is one only where it says that it only reduces, and of a proof of its age", () => {
    prove("10");
    expect(kind(sell("5", {}, false))).toBeNull();
    expect(kind(sell("5"), { nowMs: pc.clock.now() + LAST_PROOF.unsaidMs })).toBe("exit");
    expect(kind(sell("5"), { nowMs: pc.clock.now() + LAST_PROOF.unsaidMs + 1 })).toBeNull();
  });

  it("leaves near this PC's own quote or not at all", () => {
    prove("10");
    expect(kind(sell("5", { limit_price: "186" }))).toBe("exit");
    expect(kind(sell("5", { limit_price: "180" }))).toBeNull();
    expect(kind(sell("5", { order_type: "MKT", limit_price: null }))).toBe("exit");
    expect(kind(sell("5"), { market: null })).toBeNull();
    const stop = { order_type: "STP", limit_price: null, stop_price: "180" } as const;
    expect(kind(sell("5", stop))).toBeNull();
  });

  it("is never proved by an older reading over a newer, nor by none", () => {
    expect(kind()).toBeNull();
    prove("10");
    keepProved(pc.store, ACCOUNT, {
      value: [held("500")],
      from: "cache",
      at: pc.clock.now() - 1,
      proved: true,
    });
    expect(kind(sell("11"))).toBeNull();
    keepProved(pc.store, ACCOUNT, {
      value: [held("500")],
      from: "stale",
      at: pc.clock.now(),
      proved: false,
    });
    expect(kind(sell("11"))).toBeNull();
    expect(provedPositions(pc.store.db, ACCOUNT)).toEqual({
      positions: JSON.stringify([[AAPL.conid, "10"]]),
      provedAtMs: pc.clock.now(),
    });
  });
});

const input = (over: object = {}): PreviewRequest => ({
  kind: "order",
  order: OrderInput.parse({
    account_id: ACCOUNT,
    conid: AAPL.conid,
    side: "SELL",
    order_type: "LMT",
    quantity: "5",
    limit_price: "187.2",
    ...over,
  }),
});
const previewed = (request: PreviewRequest, id = "pv_1") => {
  const parts = {
    ...pc.submit,
    source: pc.side.source,
    clockSkewMs: () => 0,
    newPreviewId: () => id,
  };
  return pc.finish(previewOrder(parts, pc.context(), { account_id: ACCOUNT, request }));
};

describe("while the broker says nothing of the positions", () => {
  beforeEach(() => {
    prove("5");
    pc.clock.run(60_000);
    pc.broker.answers["portfolio2.positions"] = notAnswered();
    pc.broker.answers["portfolio.positions"] = notAnswered();
    pc.local.engaged = true;
  });

  it("a preview says of an exit what was proved last and when; without reduce_only it is an entry", async () => {
    const answer = await previewed(input({ reduce_only: true }));
    if (answer.outcome !== "ticket") throw new Error("refused");
    expect(answer.facts.effect).toMatchObject({ kind: "exit", by_last_proof: true, position: "5" });
    expect(answer.local_refusals).toEqual([]);
    expect(ticketText(answer.ticket).join("\n")).toContain(
      `Position: not known now; at 2026-11-20T15:00:00.000Z it was 5.`,
    );
    const plain = await previewed(input(), "pv_2");
    expect(plain).toMatchObject({ facts: { effect: null } });
    expect(JSON.stringify(plain)).toContain("can be prepared with reduce_only");
  });

  it("an approved exit leaves under the engaged switch, and no second one of the same position", async () => {
    const orders = [sell("5"), sell("5", { limit_price: "187.19" })];
    const [first, second] = orders.map((order, n) => pc.approved(order, n + 1));
    if (first === undefined || second === undefined) throw new Error("no orders");
    const place = (given: typeof first) =>
      pc.finish(
        placeOrder(pc.submit, pc.request({ jobId: given.coid }), pc.context(), "place", given),
      );
    pc.broker.replies.push(
      json([{ order_id: "11", local_order_id: first.coid, order_status: "Submitted" }]),
    );
    expect(await place(first)).toMatchObject({ state: "accepted" });
    const refused = await place(second);
    expect(refused.refusals.map(({ code }) => code)).toContain("REDUCE_ONLY_WOULD_INCREASE");
    expect(pc.broker.sent).toHaveLength(1);
  });

  it("of an hour ago an exit leaves only where its owner read and signed that", async () => {
    pc.clock.run(60 * 60_000);
    const judged = (maxAgeMs: number) => kind(sell("5"), { maxAgeMs });
    expect(judged(LAST_PROOF.saidMs)).toBe("exit");
    expect(judged(LAST_PROOF.unsaidMs)).toBeNull();
  });
});
