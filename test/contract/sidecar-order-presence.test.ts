import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/** What the broker shows of an order, in whatever words, is never taken for its absence. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

/** Accepted, and then shown by nothing but what the test says. */
async function vanished(): Promise<string> {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
  rig.sim.control.addFault({
    match: { method: "POST", path: `/iserver/account/${rig.account}/orders` },
    do: { action: "silentDrop" },
  });
  expect((await rig.place(submission)).state).toBe("accepted");
  return submission.coid;
}

const answering = (path: string, body: unknown): void => {
  rig.sim.control.addFault({
    match: { method: "GET", path },
    do: { action: "respond", status: 200, body: JSON.stringify(body) },
    times: 0,
  });
};

describe("an order in doubt", () => {
  it.each<[string, (coid: string) => JsonObject]>([
    ["under an unknown status word", (coid) => ({ order_ref: coid, account: rig.account })],
    ["without its account", (coid) => ({ order_ref: coid })],
  ])("that the list shows %s is never proved absent", async (_name, row) => {
    const coid = await vanished();
    answering("/iserver/account/orders", {
      orders: [
        { orderId: 987654321, conid: AAPL_CONID, side: "BUY", status: "Wobbling", ...row(coid) },
      ],
      snapshot: true,
    });
    await rig.untilState(coid, "needs_owner", "rejected");
    expect(rig.state(coid)).toBe("needs_owner");
    await rig.advance(20 * 60_000);
    expect(rig.states(coid)).not.toContain("rejected");
    const again = await rig.preview(limitOrder(rig.account, "176"));
    expect((await rig.place(rig.approve(again))).refusals.map(({ code }) => code)).toContain(
      "ORDER_RECONCILING",
    );
  });

  it.each<[string, JsonObject]>([
    ["of an unreadable size", { execution_id: "0001.01", size: "many" }],
    ["without an execution id", { size: 2 }],
  ])("with a fill %s is not absent, and not unfilled", async (_name, row) => {
    const coid = await vanished();
    answering("/iserver/account/trades", [
      { order_ref: coid, account: rig.account, conid: AAPL_CONID, side: "B", ...row },
    ]);
    await rig.untilState(coid, "working", "filled", "rejected");
    expect(rig.state(coid)).not.toBe("rejected");
    expect(rig.store().intent(coid)?.orders[0]?.filled).not.toBe("0");
  });
});
