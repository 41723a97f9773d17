import type { PreviewRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/order-preview.ts";
import { OrderInput } from "@ibkr-edge-gateway/protocol/orders/order-input.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { ACCOUNT, bookRow, type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { resolveAccount } from "../../operation-handlers/resolve-account.ts";
import { buildOrder } from "./order-from-request.ts";

let pc: PcOrders;
beforeEach(() => {
  pc = pcOrders();
});
const input = (over: object = {}) =>
  OrderInput.parse({
    account_id: ACCOUNT,
    conid: 265598,
    side: "BUY",
    order_type: "LMT",
    quantity: "1",
    limit_price: "187.25",
    ...over,
  });
async function build(request: PreviewRequest) {
  const context = pc.context();
  const account = await resolveAccount(context, ACCOUNT);
  return pc.finish(buildOrder(pc, context, account, request, "paper"));
}
const oca = (...orders: OrderInput[]): PreviewRequest => ({
  kind: "oca",
  account_id: ACCOUNT,
  orders,
});

describe("the order that a request means", () => {
  it("bears the contract as the broker states it, and the session's mode", async () => {
    expect(await build({ kind: "order", order: input() })).toMatchObject({
      ok: true,
      order: {
        action: "place",
        mode: "paper",
        legs: [{ contract: { symbol: "AAPL", listing_exchange: "NASDAQ", currency: "USD" } }],
      },
    });
  });

  it("of a group names the member that cannot be resolved", async () => {
    const refused = await build(oca(input(), input({ conid: 7 })));
    expect(refused).toMatchObject({
      outcome: "refused",
      refusals: [{ field: "orders.1.conid", rule: "known" }],
    });
  });

  it("of a group is refused when its members do not fit together", async () => {
    expect(await build(oca(input(), input({ limit_price: "180" })))).toMatchObject({ ok: true });
    expect(await build(oca(input(), input()))).toMatchObject({ outcome: "refused" });
  });

  it("of a cancel is the working order itself; of a change, that order changed", async () => {
    pc.broker.answers["iserver.orders"] = { orders: [bookRow()], snapshot: true };
    expect(
      await build({ kind: "cancel", cancel: { account_id: ACCOUNT, order_id: "11" } }),
    ).toMatchObject({ ok: true, order: { action: "cancel", target: { order_id: "11" } } });
    expect(
      await build({
        kind: "modify",
        change: { account_id: ACCOUNT, order_id: "11", limit_price: "190" },
      }),
    ).toMatchObject({ ok: true, order: { action: "modify", legs: [{ limit_price: "190" }] } });
  });

  it("of a change or a cancel of an order that the list does not show is refused", async () => {
    for (const request of [
      { kind: "cancel", cancel: { account_id: ACCOUNT, order_id: "11" } },
      { kind: "modify", change: { account_id: ACCOUNT, order_id: "11", limit_price: "190" } },
    ] as const) {
      expect(await build(request)).toMatchObject({
        outcome: "refused",
        refusals: [{ code: "ORDER_NOT_MODIFIABLE", rule: "in_broker_list" }],
      });
    }
  });
});
