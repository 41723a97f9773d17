import { beforeEach, describe, expect, it } from "vitest";
import { json, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { approvedBefore, orderedHereBefore } from "./one-order-per-preview.ts";
import { placeOrder } from "./place-order.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});

const codes = (refusals: readonly { code: string }[]) => refusals.map(({ code }) => code);

describe("one preview", () => {
  it("is free until its order was placed, and then refuses a second one for as long as it is kept", async () => {
    const input = pc.approved();
    const { preview_id } = input.approval as { preview_id: string };
    expect(orderedHereBefore(pc.store, preview_id, pc.clock.now())).toEqual([]);
    expect(approvedBefore(pc.store, preview_id, pc.clock.now())).toEqual([]);
    pc.broker.replies.push(
      json([{ order_id: "11", local_order_id: input.coid, order_status: "Submitted" }]),
    );
    await pc.finish(placeOrder(pc.submit, pc.request({}), pc.context(), "place", input));
    for (const refused of [orderedHereBefore, approvedBefore]) {
      const ask = (nowMs: number) => codes(refused(pc.store, preview_id, nowMs));
      expect(ask(pc.clock.now())).toEqual(["APPROVAL_CONSUMED"]);
      expect(ask(pc.clock.now() + ORDER_LIMITS.previewKeptMs)).toEqual(["APPROVAL_CONSUMED"]);
      expect(codes(refused(pc.store, "another", pc.clock.now()))).toEqual([]);
    }
  });
});
