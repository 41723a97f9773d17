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

describe("an exit beside what works already", () => {
  it("is one beside the exits of a bracket, and a second one is not", async () => {
    await held();
    const bracket = rig.approve(
      await rig.preview({
        kind: "bracket",
        bracket: {
          account_id: rig.account,
          conid: AAPL_CONID,
          side: "BUY",
          order_type: "LMT",
          quantity: "2",
          limit_price: "181",
          take_profit_price: "190",
          stop_loss_price: "170",
        },
      }),
    );
    await rig.place(bracket);
    await rig.untilState(bracket.coid, "filled");
    await rig.advance(10_000);
    const { facts } = await sell("1");
    const held_now = facts.positions?.find(({ conid }) => conid === AAPL_CONID)?.quantity ?? "0";
    const flatten = rig.approve(await sell(held_now));
    const again = rig.approve(await sell("1", "185"));
    rig.rules.engage("test", rig.now());
    expect((await rig.place(flatten)).refusals).toEqual([]);
    expect((await rig.place(again)).refusals.map(({ code }) => code)).toEqual([
      "LOCAL_KILL_SWITCH",
    ]);
  });

  it("is one beside an order of another contract that nobody can read", async () => {
    const all = await held();
    const odd = rig.sim.control.foreignOrder(
      rig.account,
      { conid: 272093, orderType: "LMT", side: "BUY", quantity: 0.12345678, price: 1, tif: "DAY" },
      "tws",
    );
    await rig.advance(10_000);
    const ticket = await sell(all);
    expect(ticket.notes.join(" ")).toContain(String(odd.id));
    const exit = rig.approve(ticket);
    rig.rules.engage("test", rig.now());
    expect((await rig.place(exit)).refusals).toEqual([]);
    expect(rig.posts()).toHaveLength(1);
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

  it("or cannot be read: a torn policy.json holds back entries, and no exit and no cancel", async () => {
    await held();
    const standing = rig.approve(await rig.preview(limitOrder(rig.account, "170")));
    await rig.place(standing);
    await rig.untilState(standing.coid, "working");
    const exit = rig.approve(await sell("10"));
    const entry = rig.approve(await rig.preview(limitOrder(rig.account, "171")));
    writeFileSync(join(rig.configDir, "policy.json"), "{", { mode: 0o600 });
    expect((await rig.place(exit)).refusals).toEqual([]);
    expect((await rig.place(entry)).refusals.map(({ rule }) => rule)).toEqual(["policy_readable"]);
    const cancelled = await rig.write("order.cancel", {
      account_id: rig.account,
      mode: "paper",
      coid: "cancel-1",
      order_id: rig.store().intent(standing.coid)?.orders[0]?.order_id ?? "",
      approval: null,
    });
    expect(cancelled.refusals).toEqual([]);
    expect(rig.alerts().map(({ alert }) => alert)).toContain("needs_owner");
  });

  it("is no reason to hold back an exit: the caps say off, or cannot be read", async () => {
    await held();
    const first = rig.approve(await sell("1"));
    rig.caps((caps) => ({ ...caps, paper: { ...caps.paper, enabled: false } }));
    expect((await rig.place(first)).refusals).toEqual([]);
  });
});
