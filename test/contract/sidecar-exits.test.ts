import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/** An exit is never blocked by a rule for entries; and what is called an exit only ever reduces. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

async function held(): Promise<string> {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  const probe = await rig.preview(limitOrder(rig.account, "184", { side: "SELL", quantity: "1" }));
  const position = probe.facts.positions?.find(({ conid }) => conid === AAPL_CONID);
  if (position === undefined) throw new Error("the rig holds no position");
  return position.quantity;
}

const sell = (quantity: string, limit = "184") =>
  rig.preview(limitOrder(rig.account, limit, { side: "SELL", quantity }));

describe("two exits of one position", () => {
  it("sent together, the second is no exit: the switch stops it", async () => {
    const all = await held();
    const first = rig.approve(await sell(all));
    const second = rig.approve(await sell(all, "185"));
    rig.rules.engage("test", rig.now());
    const told = [first, second].map((one) => rig.start("order.place", one));
    await rig.until(() => told.every(({ done }) => done), 120_000);
    expect(told.map(({ outcome }) => outcome?.refusals.map(({ code }) => code))).toEqual([
      [],
      ["LOCAL_KILL_SWITCH"],
    ]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("the second right after the first, before any list shows it, is no exit either", async () => {
    const all = await held();
    const first = rig.approve(await sell(all));
    const second = rig.approve(await sell(all, "185"));
    await rig.place(first);
    rig.rules.engage("test", rig.now());
    expect((await rig.place(second)).refusals.map(({ code }) => code)).toEqual([
      "LOCAL_KILL_SWITCH",
    ]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("that was filled a moment ago leaves nothing to exit from", async () => {
    const all = await held();
    const first = rig.approve(await sell(all, "179"));
    const second = rig.approve(await sell(all, "185"));
    await rig.place(first);
    await rig.untilState(first.coid, "filled");
    rig.rules.engage("test", rig.now());
    expect((await rig.place(second)).refusals.map(({ code }) => code)).toEqual([
      "LOCAL_KILL_SWITCH",
    ]);
  });

  it("that fit into the position together are both exits, the switch engaged", async () => {
    await held();
    const first = rig.approve(await sell("10"));
    const second = rig.approve(await sell("15", "185"));
    rig.rules.engage("test", rig.now());
    const told = [first, second].map((one) => rig.start("order.place", one));
    await rig.until(() => told.every(({ done }) => done), 120_000);
    expect(told.map(({ outcome }) => outcome?.refusals)).toEqual([[], []]);
    expect(rig.posts()).toHaveLength(2);
  });
});

describe("what was switched off at this PC", () => {
  it("does not hold back a cancel of what stands, and does hold back an order", async () => {
    await held();
    const standing = rig.approve(await rig.preview(limitOrder(rig.account, "170")));
    await rig.place(standing);
    await rig.untilState(standing.coid, "working");
    const next = rig.approve(await rig.preview(limitOrder(rig.account, "171")));
    writeFileSync(
      join(rig.configDir, "policy.json"),
      JSON.stringify({ offer: ["broker.read"], broker_accounts: null }),
      { mode: 0o600 },
    );
    await expect(rig.place(next)).rejects.toMatchObject({
      failure: { code: "SIDECAR_CAPABILITY_MISSING" },
    });
    const outcome = await rig.write("order.cancel", {
      account_id: rig.account,
      mode: "paper",
      coid: "cancel-1",
      order_id: rig.store().intent(standing.coid)?.orders[0]?.order_id ?? "",
      approval: null,
    });
    expect(outcome.state).toBe("cancelled");
  });

  it("is no reason to hold back an exit: the caps say off, or cannot be read", async () => {
    await held();
    const first = rig.approve(await sell("1"));
    rig.caps((caps) => ({ ...caps, paper: { ...caps.paper, enabled: false } }));
    expect((await rig.place(first)).refusals).toEqual([]);
  });
});
