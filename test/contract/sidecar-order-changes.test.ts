import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import type { FaultInput } from "@ibkr-edge-gateway/simulator/control/injected-faults.ts";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

/** Brackets and groups, changes and cancels, foreign orders, and the switch that stops it all. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

type Options = NonNullable<Parameters<typeof startOrderRig>[0]>;

async function atMarket(behaviours: Options["behaviours"] = {}): Promise<OrderRig> {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false }, ...behaviours } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  return rig;
}

const bracket = (over: JsonObject = {}): JsonObject => ({
  kind: "bracket",
  bracket: {
    account_id: rig.account,
    conid: AAPL_CONID,
    side: "BUY",
    order_type: "LMT",
    quantity: "2",
    limit_price: "178",
    take_profit_price: "190",
    stop_loss_price: "170",
    ...over,
  },
});

const place = async (request: JsonObject) => {
  const submission = rig.approve(await rig.preview(request));
  return { submission, outcome: await rig.place(submission) };
};

const cancel = (order_id: string, more: JsonObject = {}): Promise<OrderOutcome> =>
  rig.write("order.cancel", {
    account_id: rig.account,
    mode: "paper",
    coid: `cancel-${order_id}`,
    order_id,
    approval: null,
    ...more,
  });

const idOf = (coid: string): string => {
  const id = rig.store().intent(coid)?.orders[0]?.order_id;
  if (id == null) throw new Error("the broker gave no id yet");
  return id;
};

/** Seen, and past the moment in which the broker only passes it on. */
const standing = async (coid: string): Promise<void> => {
  await rig.untilState(coid, "working");
  await rig.advance(2_000);
};

const deletes = () => rig.sim.control.requests().filter(({ method }) => method === "DELETE");

describe("two changes of one order", () => {
  it("never state an old price over a newer one: the second is refused", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "170"));
    await standing(submission.coid);
    const id = idOf(submission.coid);
    const change = (limit_price: string) =>
      rig.preview({
        kind: "modify",
        change: { account_id: rig.account, order_id: id, limit_price },
      });
    const first = rig.approve(await change("171"));
    const second = rig.approve(await change("172"));
    expect((await rig.write("order.modify", first)).refusals).toEqual([]);
    await rig.advance(20_000);
    const outcome = await rig.write("order.modify", second);
    expect(outcome.refusals.map(({ rule }) => rule)).toEqual(["as_previewed"]);
    expect(outcome.refusals[0]?.message).toContain("limit price");
  });
});

describe("a bracket", () => {
  it("(e) goes out in one POST, its exits tied to the entry's reference and with none of their own", async () => {
    await atMarket();
    const { submission } = await place(bracket());
    await rig.untilState(submission.coid, "working");
    expect(rig.posts()).toHaveLength(1);
    const { orders } = JSON.parse(rig.posts()[0]?.body ?? "");
    expect(orders).toHaveLength(3);
    expect(orders[0]).toMatchObject({ cOID: submission.coid, side: "BUY" });
    for (const exit of orders.slice(1)) {
      expect(exit).toMatchObject({ parentId: submission.coid, side: "SELL" });
      expect(exit.cOID).toBeUndefined();
    }
    await rig.until(
      () =>
        rig
          .store()
          .intent(submission.coid)
          ?.orders.every(({ state }) => state === "working") === true,
    );
    expect(rig.alerts()).toEqual([]);
    const ids = rig
      .store()
      .intent(submission.coid)
      ?.orders.map(({ order_id }) => order_id);
    expect(new Set(ids).size).toBe(3);
  });

  it("S9: whose stop was refused raises an alarm within seconds, and the cancel it offers works", async () => {
    await atMarket({ brackets: { mode: "child-refused" } });
    const { submission } = await place(bracket());
    await rig.until(() => rig.alerts().length > 0);
    expect(rig.now() - (rig.posts()[0]?.at ?? 0)).toBeLessThan(3_000);
    const [alert] = rig.alerts();
    expect(alert).toMatchObject({ alert: "unprotected_position", coid: submission.coid });
    const [first] = alert?.cancel_offered ?? [];
    expect(first).toBe(idOf(submission.coid));
    const outcome = await cancel(idOf(submission.coid));
    expect(outcome.state).toBe("cancelled");
    expect(rig.state(submission.coid)).toBe("cancelled");
    expect(rig.pushed.some((text) => text.includes("unprotected_position"))).toBe(true);
  });

  it("whose stop the broker drops afterwards raises the alarm too", async () => {
    await atMarket();
    const { submission } = await place(bracket());
    await rig.untilState(submission.coid, "working");
    const child = rig.sim.control.orders().find(({ type }) => type === "STP");
    rig.sim.control.rejectOrder(child?.id ?? 0, "Stop refused at the exchange");
    await rig.until(() => rig.alerts().length > 0, 180_000);
    expect(rig.alerts()[0]).toMatchObject({ alert: "unprotected_position" });
  });

  it("(e) whose entry is refused leaves no exits and no alarm of a missing one", async () => {
    await atMarket({ brackets: { mode: "parent-inactive" } });
    const { submission } = await place(bracket());
    await rig.untilState(submission.coid, "rejected");
    expect(rig.alerts().map(({ alert }) => alert)).not.toContain("unprotected_position");
    const live = rig.sim.control
      .orders()
      .filter(({ status }) => status !== "Inactive" && status !== "Cancelled");
    expect(live).toEqual([]);
  });

  it("refused as a whole is rejected at once", async () => {
    await atMarket({ brackets: { mode: "error" } });
    const { outcome } = await place(bracket());
    expect(outcome.state).toBe("rejected");
  });
});

describe("a group", () => {
  it("goes out in one POST, and one fill ends the others", async () => {
    await atMarket();
    const member = (limit_price: string) => ({
      account_id: rig.account,
      conid: AAPL_CONID,
      side: "SELL",
      order_type: "LMT",
      quantity: "2",
      limit_price,
    });
    const { submission } = await place({
      kind: "oca",
      account_id: rig.account,
      orders: [member("181"), member("184")],
    });
    await rig.untilState(submission.coid, "working");
    const { orders } = JSON.parse(rig.posts()[0]?.body ?? "");
    expect(orders.map((one: { isSingleGroup: boolean }) => one.isSingleGroup)).toEqual([
      true,
      true,
    ]);
    expect(new Set(orders.map((one: { cOID: string }) => one.cOID)).size).toBe(2);
    const first = rig.sim.control.orders().find(({ ref }) => ref === `${submission.coid}-a`);
    rig.sim.control.fillOrder(first?.id ?? 0);
    await rig.untilState(submission.coid, "filled");
    expect(rig.alerts()).toEqual([]);
  });

  it("of which one is refused raises the alarm, and one cancel by its reference withdraws what stands", async () => {
    await atMarket();
    const { submission } = await place(group("170", "171", "172"));
    await rig.untilState(submission.coid, "working");
    await rig.advance(2_000);
    const [refused] = rig.sim.control.orders();
    rig.sim.control.rejectOrder(refused?.id ?? 0, "refused at the exchange");
    await rig.until(() => rig.alerts().length > 0, 180_000);
    expect(rig.alerts()[0]).toMatchObject({
      alert: "unprotected_position",
      coid: submission.coid,
      message: expect.stringContaining("One order of a group was refused"),
    });
    expect(rig.alerts()[0]?.cancel_offered).toHaveLength(2);
    const outcome = await cancelByRef(submission.coid);
    expect(outcome).toMatchObject({ state: "cancelled", refusals: [] });
    expect(outcome.orders.map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
    expect(working()).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ["of which the answer names one", { action: "partialAck", rows: 1 }],
    ["whose answer comes twice", { action: "duplicateAck" }],
    ["whose answer is lost", { action: "applyThenFail", how: "reset" }],
  ])("%s is sent once, and known whole by the book", async (_name, fault) => {
    await atMarket();
    rig.sim.control.addFault({
      match: { method: "POST", path: "/\\/account\\/[^/]+\\/orders$/" },
      do: fault as FaultInput["do"],
    });
    const { submission } = await place(group("170", "171"));
    const parts = () => rig.store().intent(submission.coid)?.orders ?? [];
    await rig.until(() => parts().every(({ state }) => state === "working"), 300_000);
    expect(new Set(parts().map(({ order_id }) => order_id)).size).toBe(2);
    expect(rig.posts()).toHaveLength(1);
    expect(working()).toHaveLength(2);
    expect(rig.alerts().map(({ alert }) => alert)).not.toContain("unprotected_position");
  });

  it("is one position's: other contracts, sides or amounts are refused by name", async () => {
    await atMarket();
    const { orders } = group("170", "171") as { orders: JsonObject[] };
    for (const [over, rule] of [
      [{ conid: 272093 }, "same_contract"],
      [{ side: "SELL" }, "same_side"],
      [{ quantity: "3" }, "same_quantity"],
    ] as const) {
      const mixed = { ...orders[1], ...over };
      const answer = await rig.tryPreview({
        kind: "oca",
        account_id: rig.account,
        orders: [orders[0] ?? {}, mixed],
      });
      expect(answer).toMatchObject({
        outcome: "refused",
        refusals: [{ code: "OCA_INCOHERENT", rule }],
      });
    }
  });
});

const group = (...limits: string[]): JsonObject => ({
  kind: "oca",
  account_id: rig.account,
  orders: limits.map((limit_price) => ({
    account_id: rig.account,
    conid: AAPL_CONID,
    side: "BUY",
    order_type: "LMT",
    quantity: "2",
    limit_price,
  })),
});

const working = () => rig.sim.control.orders().filter(({ status }) => /Submit/.test(status));

const cancelByRef = (order_ref: string, more: JsonObject = {}): Promise<OrderOutcome> =>
  rig.write("order.cancel", {
    account_id: rig.account,
    mode: "paper",
    coid: `cancel-${order_ref.slice(0, 20)}`,
    order_id: null,
    order_ref,
    approval: null,
    ...more,
  });

describe("a cancel by our own reference", () => {
  it("finds an order whose number nobody was told, and withdraws it", async () => {
    await atMarket();
    rig.sim.control.addFault({
      match: { method: "POST", path: "/\\/account\\/[^/]+\\/orders$/" },
      do: { action: "applyThenFail", how: "reset" },
    });
    // Neither the stream nor the list tells of it for now.
    rig.sim.control.webSocket({ kind: "stopTopic", topic: "sor" });
    rig.sim.control.addFault({
      match: { method: "GET", path: "/\\/account\\/orders$/" },
      do: { action: "respond", status: 503, body: "" },
      times: 0,
    });
    const { submission, outcome } = await place(limitOrder(rig.account, "176"));
    expect(outcome).toMatchObject({ state: "unknown", orders: [{ order_id: null }] });
    rig.sim.control.clearFaults();
    const done = await cancelByRef(submission.coid);
    expect(done).toMatchObject({ state: "cancelled", refusals: [] });
    expect(working()).toEqual([]);
    await rig.untilState(submission.coid, "cancelled");
    expect(rig.posts()).toHaveLength(1);
  });

  it("of an order that waits for an answer says no to the broker", async () => {
    await atMarket({
      questions: { enabled: true, extra: [{ id: "o99999", text: "Unusual. Proceed?" }] },
    });
    const { submission, outcome } = await place(limitOrder(rig.account, "176"));
    expect(outcome.state).toBe("awaiting_confirmation");
    const done = await cancelByRef(submission.coid, { by: "owner" });
    // What the broker never took stands nowhere: there is nothing left to withdraw.
    expect(done.refusals.map(({ rule }) => rule)).toEqual(["working"]);
    expect(rig.state(submission.coid)).toBe("rejected");
    expect(rig.replies().map(({ body }) => JSON.parse(body))).toEqual([{ confirmed: false }]);
    expect(working()).toEqual([]);
  });

  it("of an order that this PC never had is refused, and sends nothing", async () => {
    await atMarket();
    const done = await cancelByRef("ieg1-00000000000000000000000000000000");
    expect(done.refusals.map(({ rule }) => rule)).toEqual(["in_broker_list"]);
    expect(deletes()).toEqual([]);
  });
});

describe("a stop that is taken off", () => {
  const stop = () => ({
    kind: "order",
    order: {
      account_id: rig.account,
      conid: AAPL_CONID,
      side: "SELL",
      order_type: "STP",
      quantity: "1",
      stop_price: "160",
    },
  });

  it.each(["agent", "owner", "gateway"] as const)(
    "at the word of the %s is said at the PC, in full, and goes without a tap",
    async (by) => {
      await atMarket();
      const { submission } = await place(stop());
      await standing(submission.coid);
      const [shown, pushed] = [rig.shown.length, rig.pushed.length];
      const done = await cancel(idOf(submission.coid), { by, coid: "cancel-of-a-stop" });
      expect(done).toMatchObject({ state: "cancelled", refusals: [] });
      const [told = ""] = rig.shown.slice(shown);
      expect(told).toMatch(/^The gateway cancels a stop, which may protect a position/);
      expect(told).toContain("Sell 1 AAPL at the market once 160 USD is reached");
      expect(told).toContain(
        "Protection: this is a stop; what it protects stands unprotected then",
      );
      expect(rig.pushed.slice(pushed)).toHaveLength(1);
    },
  );

  it("is said of no order that is none", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await standing(submission.coid);
    const shown = rig.shown.length;
    await cancel(idOf(submission.coid));
    expect(rig.shown.slice(shown)).toEqual([]);
  });
});

describe("while the broker keeps us silent", () => {
  it.each(["owner", "gateway"])(
    "a cancel by the %s goes through, an agent's is told when, and nothing else is sent",
    async (by) => {
      await atMarket();
      const { submission } = await place(limitOrder(rig.account, "176"));
      await standing(submission.coid);
      rig.sim.control.addFault({
        match: { method: "GET" },
        do: { action: "respond", status: 429, body: "" },
        times: 1,
      });
      await rig.until(() => rig.broker.session().state === "penalty_box", 180_000);
      rig.sim.control.clearFaults();
      const before = rig.sim.control.requests().length;
      await expect(cancel(idOf(submission.coid))).rejects.toMatchObject({
        failure: { code: "BROKER_RATE_LIMITED", retryable: true },
      });
      const shown = rig.shown.length;
      const done = await cancel(idOf(submission.coid), { by, coid: "cancel-in-silence" });
      expect(done).toMatchObject({ state: "accepted", proved_by: "submit_answer", refusals: [] });
      expect(rig.shown.slice(shown)).toEqual(
        by === "gateway"
          ? [expect.stringMatching(/^The gateway cancels an order by itself.*\n {2}.*buy 2 AAPL/i)]
          : [],
      );
      expect(
        rig.sim.control
          .requests()
          .slice(before)
          .map(({ method }) => method),
      ).toEqual(["DELETE"]);
      expect(working()).toEqual([]);
      // When the silence is over the book is read, and says it.
      await rig.untilState(submission.coid, "cancelled");
    },
  );
});

describe("while the broker refuses everything", () => {
  it("the owner's cancel waits, and goes out before anything else when it listens again", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await standing(submission.coid);
    rig.sim.control.penalty(15);
    const done = await cancel(idOf(submission.coid), { by: "owner" });
    expect(done.state).toBe("rejected");
    expect(done.alerts[0]).toContain("sent again as the first thing at");
    expect(working()).toHaveLength(1);
    const before = rig.sim.control.requests().length;
    await rig.until(() => working().length === 0, 40 * 60_000);
    const [first] = rig.sim.control.requests().slice(before);
    expect(first?.method).toBe("DELETE");
    await rig.untilState(submission.coid, "cancelled");
    expect(deletes().length).toBeLessThanOrEqual(3);
  });
});

describe("a cancel", () => {
  it("S10: that loses the race reports the fill", async () => {
    await atMarket({ orderLife: { cancelLosesRace: true } });
    const { submission } = await place(limitOrder(rig.account, "176"));
    await rig.untilState(submission.coid, "working");
    const outcome = await cancel(idOf(submission.coid));
    expect(outcome).toMatchObject({ state: "filled", orders: [{ filled: "2", remaining: "0" }] });
    expect(outcome.alerts[0]).toContain("filled before the cancel");
    expect(rig.state(submission.coid)).toBe("filled");
  });

  it("of an order filled in part says how much", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await rig.untilState(submission.coid, "working");
    rig.sim.control.fillOrder(Number(idOf(submission.coid)), 1, 176);
    const outcome = await cancel(idOf(submission.coid));
    expect(outcome).toMatchObject({
      state: "cancelled",
      orders: [{ filled: "1", remaining: "1" }],
    });
  });

  it("that got no answer is repeated after the status was read", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await rig.untilState(submission.coid, "working");
    rig.sim.control.addFault({
      match: { method: "DELETE" },
      do: { action: "respond", status: 503, body: "" },
    });
    const outcome = await cancel(idOf(submission.coid));
    expect(outcome.state).toBe("cancelled");
    expect(deletes()).toHaveLength(2);
  });

  it("S10: an immediate order filled in part ends cancelled with its fill", async () => {
    await atMarket();
    const { submission } = await place(
      limitOrder(rig.account, "181", { time_in_force: "IOC", quantity: "4" }),
    );
    await rig.untilState(submission.coid, "cancelled");
    expect(rig.store().intent(submission.coid)?.orders[0]).toMatchObject({ filled: "2" });
  });
});

describe("a change", () => {
  it("restates the whole order, bare, and is proved by the book", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await standing(submission.coid);
    const preview = await rig.preview({
      kind: "modify",
      change: { account_id: rig.account, order_id: idOf(submission.coid), limit_price: "177" },
    });
    expect(preview.ticket.order.target).toMatchObject({
      foreign: false,
      order_ref: submission.coid,
    });
    const change = rig.approve(preview);
    const outcome = await rig.write("order.modify", change);
    expect(outcome.refusals).toEqual([]);
    await rig.untilState(change.coid, "working");
    expect(JSON.parse(rig.posts()[1]?.body ?? "")).toMatchObject({ price: 177, quantity: 2 });
    expect(rig.sim.control.orders().map(({ price }) => String(price))).toEqual(["177"]);
  });

  it("of an order that traded since the preview is refused, and nothing is sent", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await standing(submission.coid);
    const preview = await rig.preview({
      kind: "modify",
      change: { account_id: rig.account, order_id: idOf(submission.coid), limit_price: "177" },
    });
    rig.sim.control.fillOrder(Number(idOf(submission.coid)), 1, 176);
    await rig.advance(2_000);
    const outcome = await rig.write("order.modify", rig.approve(preview));
    expect(outcome.refusals.map(({ code }) => code)).toEqual(["ORDER_NOT_MODIFIABLE"]);
    expect(rig.posts()).toHaveLength(1);
  });

  it("of a filled order is refused at the preview", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "181"));
    await rig.untilState(submission.coid, "filled");
    const answer = await rig.tryPreview({
      kind: "modify",
      change: { account_id: rig.account, order_id: idOf(submission.coid), limit_price: "177" },
    });
    expect(answer).toMatchObject({
      outcome: "refused",
      refusals: [{ code: "ORDER_NOT_MODIFIABLE", field: "order_id" }],
    });
  });
});

describe("an order placed elsewhere", () => {
  const foreign = () =>
    rig.sim.control.foreignOrder(
      rig.account,
      {
        conid: AAPL_CONID,
        orderType: "LMT",
        side: "BUY",
        quantity: 3,
        price: 175,
        tif: "DAY",
      },
      "mobile",
    );

  it("S20: is shown as foreign, counted, and not cancelled without an approval of its own", async () => {
    await atMarket();
    const order = foreign();
    await rig.advance(70_000);
    const listed = await rig.ask("orders.list");
    expect(listed.orders[0]).toMatchObject({ origin: "foreign" });
    const refused = await cancel(String(order.id));
    expect(refused.refusals.map(({ code }) => code)).toEqual(["FOREIGN_ORDER"]);
    expect(deletes()).toEqual([]);

    const preview = await rig.preview({
      kind: "cancel",
      cancel: { account_id: rig.account, order_id: String(order.id) },
    });
    expect(preview.ticket.order.target?.foreign).toBe(true);
    const { approval, coid } = rig.approve(preview);
    const outcome = await cancel(String(order.id), { approval, coid });
    expect(outcome.state).toBe("cancelled");
    // One approval, one use.
    const again = foreign();
    await rig.advance(70_000);
    const twice = await cancel(String(again.id), { approval, coid });
    expect(twice.refusals.map(({ code }) => code)).toEqual(["FOREIGN_ORDER"]);
    expect(deletes()).toHaveLength(1);
  });

  it("is cancelled for the number that placing it would take, where the caps ask for one", async () => {
    await atMarket();
    rig.caps((caps) => ({ ...caps, paper: { ...caps.paper, tier_two_from_notional: "0" } }));
    const order = foreign();
    await rig.advance(70_000);
    const ask = async () => {
      const asked = await rig.preview({
        kind: "cancel",
        cancel: { account_id: rig.account, order_id: String(order.id) },
      });
      const { preview_id } = asked;
      await rig.job("approval.announce", { preview_id, tier: 2, requested_by: "An agent" });
      return asked;
    };
    let preview = await ask();
    const codes = async (over: Parameters<typeof rig.approve>[1]) => {
      const { approval, coid } = rig.approve(preview, over);
      const { refusals } = await cancel(String(order.id), { approval, coid });
      return refusals.map(({ code }) => code);
    };
    expect(await codes({})).toEqual(["APPROVAL_TIER_TOO_LOW"]);
    expect(rig.shown.at(-1)).toContain(
      `Cancels: order ${order.id} at the broker, placed elsewhere`,
    );
    expect(await codes({ tier: 2, echo: 41 })).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    // The one try of this preview.
    expect(await codes({ tier: 2, echo: 42 })).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    expect(deletes()).toEqual([]);
    preview = await ask();
    expect(await codes({ tier: 2, echo: 42 })).toEqual([]);
    expect(deletes()).toHaveLength(1);
  });

  it("an order id that is every order of the account never leaves", async () => {
    await atMarket();
    for (const order_id of ["-1", "0", "abc"]) {
      await expect(cancel(order_id)).rejects.toMatchObject({ failure: { code: "INPUT_INVALID" } });
    }
    expect(deletes()).toEqual([]);
  });
});

describe("the kill switch at the PC", () => {
  it("(c) stops entries and changes; cancels and reducing exits pass; the edge cannot lift it", async () => {
    await atMarket();
    const { submission } = await place(limitOrder(rig.account, "176"));
    await standing(submission.coid);
    const entry = await rig.preview(limitOrder(rig.account, "175"));
    const change = await rig.preview({
      kind: "modify",
      change: { account_id: rig.account, order_id: idOf(submission.coid), limit_price: "177" },
    });
    const exit = await rig.preview(limitOrder(rig.account, "184", { side: "SELL", quantity: "5" }));
    const engaged = await rig.job("kill.engage", { reason: "the agent asked for it" });
    expect(engaged).toMatchObject({ engaged: true, changed: true });
    expect(rig.alerts().map(({ alert }) => alert)).toEqual(["kill_switch_engaged"]);

    expect((await rig.place(rig.approve(entry))).refusals.map(({ code }) => code)).toEqual([
      "LOCAL_KILL_SWITCH",
    ]);
    const changed = await rig.write("order.modify", rig.approve(change));
    expect(changed.refusals.map(({ code }) => code)).toEqual(["LOCAL_KILL_SWITCH"]);
    expect((await rig.place(rig.approve(exit))).refusals).toEqual([]);
    expect((await cancel(idOf(submission.coid))).state).toBe("cancelled");
    const status = await rig.job("trust.status", {});
    expect(status).toMatchObject({ kill_switch: { engaged: true } });
    expect(rig.posts()).toHaveLength(2);
  });

  it("engaged while the connection is being made still stops the order before its first byte", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    const told = rig.start("order.place", submission);
    // The intent is journaled and the connection not yet up.
    await rig.until(() => {
      const journaled = rig.store().intent(submission.coid) !== null;
      if (journaled) rig.rules.engage("now", rig.now());
      return journaled || told.done;
    });
    await rig.until(() => told.done);
    if (rig.posts().length === 0) {
      expect(told.outcome?.refusals.map(({ code }) => code)).toEqual(["LOCAL_KILL_SWITCH"]);
      expect(told.outcome?.proved_by).toBe("sidecar_not_sent");
      expect(told.began).toBe(0);
    } else {
      // The first byte was faster than the switch.
      expect(told.began).toBe(1);
    }
  });
});

describe("a ticket", () => {
  it("of an ambiguous symbol is refused with its candidates", async () => {
    await atMarket();
    const answer = await rig.tryPreview(
      limitOrder(rig.account, "176", { conid: null, symbol: "AAPL" }),
    );
    expect(answer.outcome).toBe("refused");
  });

  it.each<[string, JsonObject, string, string]>([
    ["a negative quantity", { quantity: "-1" }, "quantity", "negative"],
    ["zero", { quantity: "0" }, "quantity", "zero"],
    ["an exponent", { quantity: "1e3" }, "quantity", "exponent"],
    ["a JSON number", { quantity: 5 }, "quantity", "not_text"],
    ["forty decimals", { limit_price: `1.${"0".repeat(39)}1` }, "limit_price", "too_many_decimals"],
    ["no such side", { side: "HOLD" }, "side", "one_of"],
    ["a price a market order has not", { order_type: "MKT" }, "limit_price", "not_for_type"],
    ["a field nobody knows", { urgency: "high" }, "urgency", "unknown_field"],
    ["an unknown contract", { conid: 999_999 }, "conid", "known"],
    ["a contract that is another", { symbol: "MSFT" }, "symbol", "agrees_with_broker"],
  ])(
    "with %s is refused by field and rule, and the broker is asked nothing",
    async (_name, over, field, rule) => {
      await atMarket();
      const answer = await rig.tryPreview(limitOrder(rig.account, "176", over));
      expect(answer).toMatchObject({ outcome: "refused" });
      if (answer.outcome === "refused") {
        expect(answer.refusals.map((one) => `${one.field} ${one.rule}`)).toContain(
          `${field} ${rule}`,
        );
      }
      expect(rig.sim.control.requests().some(({ path }) => path.endsWith("/whatif"))).toBe(false);
    },
  );

  it("for tier 2 has a number shown at the PC, in no answer, and wanted back", async () => {
    await atMarket();
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const announced = await rig.job("approval.announce", {
      preview_id: preview.preview_id,
      tier: 2,
      requested_by: "An agent",
    });
    expect(announced).toMatchObject({ known: true, number: true, shown: ["terminal", "push"] });
    expect(JSON.stringify(announced)).not.toMatch(/\b42\b/);
    expect(rig.shown.join()).toContain("Number for the approval page: 42");
    expect(rig.shown.join()).toContain("Buy 2 AAPL at 176 USD or less, today only");
    expect(rig.pushed.join()).not.toMatch(/\b42\b/);
    const none = await rig.place(rig.approve(preview, { tier: 2 }));
    expect(none.refusals.map(({ code }) => code)).toEqual(["APPROVAL_ECHO_MISMATCH"]);
    const right = await rig.place(rig.approve(preview, { tier: 2, echo: 42 }));
    expect(right.refusals).toEqual([]);
  });

  it("for tier 2 takes one wrong number behind a true signature, and then none", async () => {
    await atMarket();
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const number = { preview_id: preview.preview_id, tier: 2, requested_by: "An agent" };
    await rig.job("approval.announce", number);
    const check = (echo: number, over: Parameters<typeof rig.approve>[1] = {}) =>
      rig.job("approval.check", {
        account_id: rig.account,
        approval: rig.approve(preview, { tier: 2, echo, ...over }).approval,
      });
    expect(await check(42)).toMatchObject({ holds: true, tries_left: 1 });
    // Without a signature of an enrolled passkey nothing is learnt and nothing is counted.
    const stranger = softwareAuthenticator();
    expect(await check(41, { phone: stranger })).toMatchObject({
      holds: false,
      tries_left: null,
      refusals: [{ code: "APPROVAL_KEY_NOT_ENROLLED" }],
    });
    expect(await check(41)).toMatchObject({
      holds: false,
      tries_left: 0,
      refusals: [{ code: "APPROVAL_ECHO_MISMATCH", rule: "few_tries" }],
    });
    expect(rig.shown.join()).toContain("A wrong number came");
    expect(await check(42)).toMatchObject({ holds: false });
    const late = await rig.place(rig.approve(preview, { tier: 2, echo: 42 }));
    expect(late.refusals.map(({ rule }) => rule)).toEqual(["few_tries"]);
    expect(rig.posts()).toEqual([]);
  });
});
