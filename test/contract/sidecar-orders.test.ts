import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { policyOf } from "@ibkr-edge-gateway/policy/document.ts";
import { evaluatePolicy } from "@ibkr-edge-gateway/policy/evaluate.ts";
import { economicHash } from "@ibkr-edge-gateway/protocol/orders/intent.ts";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";
import { aSnapshot } from "../support/policy.ts";

/** What one order does between this PC and the broker, with nothing and with everything going wrong. */
let rig: OrderRig;
afterEach(async () => {
  await rig.close();
});

const MARKET = { last: 180, bid: 179.9, ask: 180.1, data: "R" } as const;

async function atMarket(options: Parameters<typeof startOrderRig>[0] = {}): Promise<OrderRig> {
  rig = await startOrderRig(options);
  rig.sim.control.pin(AAPL_CONID, MARKET);
  return rig;
}

const ORDERS_PATH = "/^/iserver/account/[^/]+/orders$/";
const simOrders = (coid: string) => rig.sim.control.orders().filter(({ ref }) => ref === coid);

describe("a paper order", () => {
  it("(o) is previewed, approved, sent once on a connection of its own, and working once it is seen", async () => {
    await atMarket();
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const submission = rig.approve(preview);
    const outcome = await rig.place(submission);
    expect(outcome).toMatchObject({ refusals: [], question: null });
    await rig.untilState(submission.coid, "working");
    const posts = rig.posts();
    expect(posts).toHaveLength(1);
    expect(posts[0]?.onConnection).toBe(1);
    expect(JSON.parse(posts[0]?.body ?? "")).toMatchObject({
      orders: [{ cOID: submission.coid, conid: AAPL_CONID, quantity: 2, price: 176, side: "BUY" }],
    });
    expect(simOrders(submission.coid)).toHaveLength(1);
    const listed = await rig.ask("orders.list");
    expect(listed.orders[0]).toMatchObject({ order_ref: submission.coid, origin: "gateway" });
  });

  it("previewed for a newcomer passes the policy a new account starts with", async () => {
    await atMarket();
    const preview = await rig.preview(limitOrder(rig.account, "176"));
    const snapshot = aSnapshot();
    const now = new Date(rig.now()).toISOString();
    const verdict = evaluatePolicy(
      {
        ...snapshot,
        now,
        phase: "preview",
        ticket: preview.ticket,
        facts: preview.facts,
        edge: {
          ...snapshot.edge,
          session: { state: "ready", generation: preview.generation, at: now },
          economic_hash: economicHash(preview.ticket.order),
          market_now: preview.ticket.market,
          client: snapshot.edge.client && {
            ...snapshot.edge.client,
            admitted_at: "2026-03-01T00:00:00.000Z",
          },
          preview: { expires_at: preview.kept_until, generation: preview.generation },
        },
      },
      policyOf(1, defaultPolicy(rig.account, "paper")),
    );
    expect(verdict.failures.map(({ check, message }) => `${check}: ${message}`)).toEqual([]);
  });

  it("filled at once is reported filled with its quantity", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "181")));
    await rig.place(submission);
    await rig.untilState(submission.coid, "filled");
    const status = await rig.job("order.status", {
      account_id: rig.account,
      coid: submission.coid,
    });
    expect(status).toMatchObject({ intent: { state: "filled", orders: [{ filled: "2" }] } });
  });
});

describe("one approval", () => {
  it("(a) submitted two hundred times at once makes one order", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    const all = Array.from({ length: 200 }, () => rig.start("order.place", submission));
    await rig.until(() => all.every(({ done }) => done), 300_000);
    expect(rig.posts()).toHaveLength(1);
    expect(simOrders(submission.coid)).toHaveLength(1);
    expect(all.filter(({ began }) => began > 0)).toHaveLength(1);
    const refused = all.filter(
      ({ outcome, failed }) =>
        failed?.code === "RATE_LIMITED" ||
        outcome?.refusals.some(({ code }) => code === "APPROVAL_CONSUMED"),
    );
    expect(refused).toHaveLength(199);
  });

  it("two different orders at once are sent one after the other", async () => {
    await atMarket();
    const one = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    const two = rig.approve(await rig.preview(limitOrder(rig.account, "177")));
    const both = [rig.start("order.place", one), rig.start("order.place", two)];
    await rig.until(() => both.every(({ done }) => done));
    expect(both.map(({ outcome }) => outcome?.refusals)).toEqual([[], []]);
    expect(rig.posts()).toHaveLength(2);
  });
});

describe("an outcome nobody can tell", () => {
  it.each(["503", "reset", "timeout"] as const)(
    "S4 (b): sent and then %s is unknown, found by its reference and never sent again",
    async (how) => {
      await atMarket();
      const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
      rig.sim.control.addFault({
        match: { method: "POST", path: ORDERS_PATH },
        do: { action: "applyThenFail", how },
      });
      const outcome = await rig.place(submission);
      // Either nobody knew, or the book had shown the order before the answer was given up.
      expect(["unknown", "working"]).toContain(outcome.state);
      await rig.untilState(submission.coid, "working");
      expect(rig.posts()).toHaveLength(1);
      expect(simOrders(submission.coid)).toHaveLength(1);
    },
  );

  it("S5: dropped on the way stays in doubt for a quiet period, blocks entries beside it and no exit", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { method: "POST", path: ORDERS_PATH },
      do: { action: "dropRequest" },
    });
    const outcome = await rig.place(submission);
    expect(outcome.state).toBe("unknown");

    const beside = rig.approve(await rig.preview(limitOrder(rig.account, "175")));
    const blocked = await rig.place(beside);
    expect(blocked.refusals.map(({ code }) => code)).toEqual(["ORDER_RECONCILING"]);
    const exit = rig.approve(
      await rig.preview(limitOrder(rig.account, "184", { side: "SELL", quantity: "5" })),
    );
    expect((await rig.place(exit)).refusals).toEqual([]);

    const again = await rig.place(submission);
    expect(again.refusals.map(({ code }) => code)).toEqual(["APPROVAL_CONSUMED"]);
    const began = rig.now();
    await rig.untilState(submission.coid, "rejected");
    expect(rig.now() - began).toBeGreaterThan(120_000);
    expect(rig.store().intent(submission.coid)?.proved_by).toBe("quiet_period");
    expect(rig.posts()).toHaveLength(2);

    // Asked anew, with a new approval and so a new reference, it may go.
    const renewed = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    expect(renewed.coid).not.toBe(submission.coid);
    expect((await rig.place(renewed)).refusals).toEqual([]);
  });

  it("an order that lands late, after it was given up, is shown alive and alarmed about", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { method: "POST", path: ORDERS_PATH },
      do: { action: "applyLate", ms: 10 * 60_000, how: "timeout" },
    });
    await rig.place(submission);
    await rig.untilState(submission.coid, "rejected");
    await rig.untilState(submission.coid, "working");
    expect(rig.alerts().map(({ alert }) => alert)).toContain("resurrected");
    expect(rig.posts()).toHaveLength(1);
  });

  it("an accepted order that never appears is doubted, and in the end proved absent", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { method: "POST", path: ORDERS_PATH },
      do: { action: "silentDrop" },
    });
    expect((await rig.place(submission)).state).toBe("accepted");
    await rig.untilState(submission.coid, "rejected");
    expect(rig.states(submission.coid)).toEqual(["accepted", "unknown", "reconciling", "rejected"]);
  });

  it.each([
    ["an empty 200", { action: "emptyOk" }],
    ["a truncated answer", { action: "truncate" }],
    [
      "a page",
      { action: "respond", status: 200, body: "<html>ok</html>", contentType: "text/html" },
    ],
    ["a 502 page", { action: "badGateway" }],
    ["401 after it was sent", { action: "respond", status: 401, body: "" }],
  ] as const)("S15: %s is never a success", async (_name, fault) => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({ match: { method: "POST", path: ORDERS_PATH }, do: fault });
    const outcome = await rig.place(submission);
    expect(outcome.state === "unknown" || simOrders(submission.coid).length === 1).toBe(true);
    expect(rig.states(submission.coid)[0]).not.toBe("accepted");
    expect(rig.posts()).toHaveLength(1);
  });

  it("S14: 'already registered' is no success; the order is looked up by its reference", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { method: "POST", path: ORDERS_PATH },
      do: {
        action: "respond",
        status: 200,
        body: `{"error":"Order couldn't be submitted: Local order ID=${submission.coid} is already registered."}`,
      },
    });
    expect((await rig.place(submission)).state).toBe("unknown");
    await rig.untilState(submission.coid, "needs_owner");
    expect(rig.posts()).toHaveLength(1);
    expect(rig.alerts().map(({ alert }) => alert)).toContain("needs_owner");
  });

  it("refused by the broker in a body that proves it is rejected at once", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { method: "POST", path: ORDERS_PATH },
      do: { action: "respond", status: 200, body: '{"error":"No trading permissions."}' },
    });
    const outcome = await rig.place(submission);
    expect(outcome).toMatchObject({ state: "rejected", proved_by: "submit_answer" });
    expect(outcome.broker_text?.untrusted_text).toBe("No trading permissions.");
  });

  it("with the gateway down nothing was begun, and the answer says so", async () => {
    await atMarket();
    const submission = rig.approve(await rig.preview(limitOrder(rig.account, "176")));
    rig.sim.control.addFault({
      match: { path: ORDERS_PATH, method: "GET" },
      do: { action: "delay", ms: 1 },
    });
    const told = rig.start("order.place", submission);
    await rig.sim.control.down();
    await rig.until(() => told.done);
    expect(told.began).toBe(0);
    expect(rig.posts()).toHaveLength(0);
    await rig.sim.control.up();
  });
});
