import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codesOf, eventually } from "../support/eventually.ts";
import { type Agent, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/** Orders when something is not as it should be, each through every real part. */
let chain: OrderChain;
let agent: Agent;
let account: string;
let market: number;
let serial = 0;

const price = () => {
  serial += 1;
  return (Math.round(market * 0.99 * 100) / 100 - serial / 100).toFixed(2);
};
const key = (name: string) => {
  serial += 1;
  return `trouble-${name}-${serial}`;
};
const submit = (approval_id: string, idempotency_key = key("submit")) =>
  agent.call("ibkr_paper_order_submit", { account_id: account, approval_id, idempotency_key });
const codes = ({ refusals }: { refusals: { code: string }[] }) => codesOf(refusals);
const status = (approval_id: string) =>
  agent.call("ibkr_approval_status", { account_id: account, approval_id });

beforeAll(async () => {
  chain = await startOrderChain({ paperOn: false });
  ({ agent, broker: account } = chain);
  const probe = await agent.call("ibkr_order_preview", small(account, { limit_price: "1" }));
  const { bid, last, prior_close } = probe.preview.market;
  market = Number(bid ?? last ?? prior_close);
}, 240_000);
afterAll(() => chain?.close());

describe("orders in trouble", () => {
  it("nothing is prepared for approval before the owner switches paper orders on", async () => {
    const { preview } = await agent.call(
      "ibkr_order_preview",
      small(account, { limit_price: price() }),
    );
    expect(preview.may_be_asked).toBe(false);
    expect(codesOf(preview.policy_failures)).toEqual(["FEATURE_DISABLED"]);
    const live = await chain.form("/trading/switch", { mode: "live", on: "yes" });
    expect(live.status).toBe(409);
    expect((await chain.form("/trading/switch", { mode: "paper", on: "yes" })).status).toBe(303);
    await chain.limits({
      "cumulative.max_orders_per_second": "",
      "cumulative.max_orders_per_minute": "",
      "cumulative.repeat_times": "",
      "clients.max_approvals_per_hour": "",
    });
  }, 60_000);

  it("malformed orders are refused by field and rule, and nothing reaches the broker", async () => {
    const before = chain.sim.control.requests().length;
    for (const [over, code, field] of [
      [{ quantity: "-1", limit_price: "1" }, "ORDER_QUANTITY_INVALID", "quantity"],
      [{ quantity: "0", limit_price: "1" }, "ORDER_QUANTITY_INVALID", "quantity"],
      [{ quantity: "NaN", limit_price: "1" }, "ORDER_QUANTITY_INVALID", "quantity"],
      [{ limit_price: "1e2" }, "ORDER_PRICE_INVALID", "limit_price"],
      [{ limit_price: `1.${"0".repeat(40)}1` }, "ORDER_PRICE_INVALID", "limit_price"],
      [{}, "ORDER_LIMIT_PRICE_REQUIRED", "limit_price"],
      [{ side: "HOLD", limit_price: "1" }, "INPUT_INVALID", "side"],
      [{ limit_price: "1", surprise: 1 }, "INPUT_INVALID", "surprise"],
    ] as const) {
      const refused = await agent.call("ibkr_order_preview", small(account, over));
      expect([over, refused.code]).toEqual([over, code]);
      expect(refused.message).toContain(field);
    }
    const minus = await agent.call("ibkr_paper_order_cancel", {
      account_id: account,
      order_id: "-1",
      idempotency_key: key("minus"),
    });
    expect(minus.code).toBe("INPUT_INVALID");
    const orders = chain.sim.control
      .requests()
      .slice(before)
      .filter(({ method, path }) => method !== "GET" && /order/.test(path));
    expect(orders).toEqual([]);
  }, 60_000);

  it("an outcome nobody can prove is looked for, never sent again, and resolved", async () => {
    const approval = await chain.approved({ limit_price: price() });
    chain.sim.control.addFault({
      match: { method: "POST", path: "/\\/account\\/[^/]+\\/orders$/" },
      do: { action: "applyThenFail", how: "reset" },
    });
    const before = chain.posts();
    const sent = await submit(approval);
    expect(chain.posts() - before).toBe(1);
    chain.sim.control.clearFaults();
    expect(["unknown", "reconciling", "accepted", "working"]).toContain(sent.order.state);
    const told = await eventually(
      () => status(approval),
      ({ order }) => order.state === "working",
      75_000,
    );
    expect(told.approval.state).toBe("consumed");
    expect(chain.posts() - before).toBe(1);
    const book = await agent.call("ibkr_reconcile", { account_id: account });
    expect(book).toMatchObject({ still_in_doubt: 0, unexplained: [] });
  }, 120_000);

  it("an order placed elsewhere is shown as foreign and left alone", async () => {
    const foreign = chain.sim.control.foreignOrder(
      account,
      { conid: 265598, side: "BUY", orderType: "LMT", price: 100, quantity: 1, tif: "DAY" },
      "tws",
    );
    const book = await eventually(
      () => agent.call("ibkr_reconcile", { account_id: account }),
      ({ foreign: found }) => found?.length > 0,
    );
    expect(book.foreign.map(({ order_id }: { order_id: string }) => order_id)).toContain(
      String(foreign.id),
    );
    const left = await agent.call("ibkr_paper_order_cancel", {
      account_id: account,
      order_id: String(foreign.id),
      idempotency_key: key("foreign"),
    });
    expect(codes(left)).toEqual(["FOREIGN_ORDER"]);
    expect(chain.sim.control.orders().find(({ id }) => id === foreign.id)?.status).not.toMatch(
      /cancel/i,
    );
  }, 120_000);

  it("a change needs its own approval, and sends exactly what was approved", async () => {
    chain.sim.control.change({ questions: { enabled: false } });
    const approval = await chain.approved({ limit_price: price() });
    const sent = await submit(approval);
    const { order_id } = sent.order.orders[0];
    await eventually(
      () => status(approval),
      ({ order }) => order.state === "working",
    );
    const change = { account_id: account, order_id, limit_price: price() };
    // The broker's own list may lag behind what it streamed; until it agrees, nothing is changed.
    const asked = await eventually(
      () => agent.call("ibkr_paper_order_modify", { ...change, idempotency_key: key("ask") }),
      ({ outcome }) => outcome === "approval_needed",
    );
    expect(asked).toMatchObject({ outcome: "approval_needed", refusals: [] });
    const { approval_id } = asked.approval;
    expect((await chain.approve(approval_id)).status).toBe(303);
    const other = await agent.call("ibkr_paper_order_modify", {
      ...change,
      limit_price: price(),
      approval_id,
      idempotency_key: key("other"),
    });
    expect(codes(other)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
    const changed = await agent.call("ibkr_paper_order_modify", {
      ...change,
      approval_id,
      idempotency_key: key("change"),
    });
    expect(changed).toMatchObject({ refusals: [], order: { action: "modify" } });
    expect(["accepted", "working"]).toContain(changed.order.state);
    await eventually(
      async () => chain.sim.control.orders().find(({ id }) => String(id) === order_id),
      (order) => JSON.stringify(order).includes(String(Number(change.limit_price))),
    );
    chain.sim.control.change({ questions: { enabled: true } });
  }, 90_000);

  it("parallel submits never pass a limit", async () => {
    const used = (await agent.call("ibkr_limits_status", { account_id: account })).limits.find(
      ({ limit }: { limit: string }) => limit === "cumulative.max_orders_per_day",
    );
    await chain.limits({ "cumulative.max_orders_per_day": String(Number(used.used) + 2) });
    const approvals: string[] = [];
    for (let n = 0; n < 6; n++) approvals.push(await chain.approved({ limit_price: price() }));
    const before = chain.posts();
    const answers = await Promise.all(approvals.map((one) => submit(one)));
    const refused = answers.filter(({ order }) => order === null);
    expect(refused).toHaveLength(4);
    for (const answer of refused) expect(codes(answer)).toContain("SESSION_ORDER_LIMIT_REFUSED");
    expect(chain.posts() - before).toBeLessThanOrEqual(2);
  }, 120_000);

  it("a question of the broker's is shown, and only the owner answers it", async () => {
    await chain.limits({ "cumulative.max_orders_per_day": "100" });
    chain.sim.control.change({
      questions: { extra: [{ id: "o99999", text: "This is an unusual order. Proceed?" }] },
    });
    const approval = await chain.approved({ limit_price: price() });
    const sent = await submit(approval);
    expect(sent.order.state).toBe("awaiting_confirmation");
    const ref = sent.order.order_ref;
    const asked = await agent.call("ibkr_order_question_status", {
      account_id: account,
      order_ref: ref,
    });
    expect(asked.order.question.messages[0].text).toContain("This is an unusual order");
    const byAgent = await fetch(`${chain.gateway.url}/orders/answer`, {
      method: "POST",
      redirect: "manual",
      headers: { authorization: `Bearer ${agent.token}`, origin: chain.gateway.url },
      body: new URLSearchParams({ coid: ref, say: "no" }),
    });
    expect(byAgent.headers.get("location")).toContain("/sign-in");
    expect(await chain.page(`/orders/question?ref=${ref}`)).toContain("This is an unusual order");
    // Yes without the passkey is no yes.
    expect((await chain.form("/orders/answer", { coid: ref, say: "yes" })).status).toBe(409);
    expect((await chain.form("/orders/answer", { coid: ref, say: "no" })).status).toBe(303);
    const ended = await eventually(
      () => status(approval),
      ({ order }) => ["rejected", "cancelled"].includes(order.state),
      60_000,
    );
    expect(ended.order.question).toBeNull();
    chain.sim.control.change({ questions: { extra: [] } });
  }, 120_000);

  it("a bracket goes out as one order of three legs, under one approval", async () => {
    const entry = price();
    const { preview } = await agent.call("ibkr_bracket_order_preview", {
      ...small(account, { limit_price: entry }),
      take_profit_price: (Number(entry) * 1.02).toFixed(2),
      stop_loss_price: (Number(entry) * 0.99).toFixed(2),
    });
    expect(preview).toMatchObject({ may_be_asked: true, order: { structure: "bracket" } });
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: account,
      preview_id: preview.preview_id,
    });
    expect((await chain.approve(approval.approval_id)).status).toBe(303);
    const wrong = await submit(approval.approval_id);
    expect(codes(wrong)).toEqual(["APPROVAL_PREVIEW_MISMATCH"]);
    const before = chain.posts();
    const sent = await agent.call("ibkr_paper_bracket_order_submit", {
      account_id: account,
      approval_id: approval.approval_id,
      idempotency_key: key("bracket"),
    });
    expect(sent.refusals).toEqual([]);
    expect(chain.posts() - before).toBe(1);
    expect(sent.order.orders.map(({ role }: { role: string }) => role).sort()).toEqual([
      "entry",
      "stop_loss",
      "take_profit",
    ]);
  }, 60_000);
});
