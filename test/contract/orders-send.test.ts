import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { ceremonyOn } from "../support/software-passkey.ts";

/**
 * *Approve and send* through every real part: the object submits on the owner's passkey, under the
 * key the agent named when it asked. One key, one approval: one order at the broker, whoever is
 * there and whoever asks again.
 */
let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain();
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  chain.sim.control.change({ questions: { enabled: false } });
  // The account gets its limits with its first preview.
  await chain.agent.call("ibkr_order_preview", small(chain.broker, { limit_price: "170" }));
  const loosened = await chain.limits({
    "clients.max_approvals_per_hour": "",
    "clients.max_orders_per_day": "",
    "cumulative.max_orders_per_second": "",
    "cumulative.max_orders_per_minute": "",
    "cumulative.max_open_notional": "",
    "cumulative.max_open_orders": "",
    "cumulative.repeat_times": "",
  });
  expect(loosened.status).toBe(303);
}, 240_000);
afterAll(() => chain?.close());

let serial = 0;
const nextKey = () => `send-on-approval-${++serial}`;
/** No order is the duplicate of another. */
const price = () => (179 - ++serial / 100).toFixed(2);

async function ask(tool = "ibkr_order_preview", order: Record<string, unknown> = {}) {
  const { agent, broker } = chain;
  const { preview } = await agent.call(tool, small(broker, { limit_price: price(), ...order }));
  expect([preview?.policy_failures, preview?.pc_refusals]).toEqual([[], []]);
  const key = nextKey();
  const asked = await agent.call("ibkr_approvals_create", {
    account_id: broker,
    preview_id: preview.preview_id,
    submit_on_approval: true,
    idempotency_key: key,
  });
  expect(asked).toMatchObject({ outcome: "asked", approval: { submit_on_approval: true } });
  return { key, approvalId: String(asked.approval.approval_id) };
}

const send = (approvalId: string) => chain.approve(approvalId, { send: "yes" });
const status = (approval_id: string) =>
  chain.agent.call("ibkr_approval_status", { account_id: chain.broker, approval_id });
const submit = (approval_id: string, idempotency_key: string, tool = "ibkr_paper_order_submit") =>
  chain.agent.call(tool, { account_id: chain.broker, approval_id, idempotency_key });
const leaves = async (approvalId: string) =>
  (
    await chain.gateway.sql<{ event: string }>(
      "Account",
      chain.accountId,
      "SELECT event FROM audit_log ORDER BY seq",
    )
  )
    .map(({ event }) => JSON.parse(event))
    .filter(({ meta }) => meta.approval_id === approvalId);

describe("a request that is to be sent on approval", () => {
  it("is sent by the owner's passkey alone, and every later submit is the same order", async () => {
    const before = chain.posts();
    const { key, approvalId } = await ask();
    const page = await chain.page(`/approvals/${approvalId}`);
    expect(page).toContain("Approve and send");
    const pressed = await send(approvalId);
    expect(pressed.status).toBe(303);
    expect(chain.posts() - before).toBe(1);
    const told = await status(approvalId);
    expect(["accepted", "working"]).toContain(told.order.state);
    const again = await submit(approvalId, key);
    expect(again).toMatchObject({ replayed: true, order: { order_ref: told.order.order_ref } });
    const other = await submit(approvalId, nextKey());
    expect(other.refusals.map(({ code }: { code: string }) => code)).toContain("APPROVAL_CONSUMED");
    expect(chain.posts() - before).toBe(1);

    const result = await chain.page(`/approvals/${approvalId}`);
    const { order_id } = told.order.orders[0];
    expect(result.indexOf('id="result"')).toBeLessThan(result.indexOf('id="order"'));
    chain.sim.control.fillOrder(Number(order_id));
    await expect
      .poll(() => chain.page(`/approvals/${approvalId}`), { timeout: 20_000 })
      .toMatch(/Filled: 1( at [\d.]+ USD)?</);

    const left = await leaves(approvalId);
    expect(
      left.map(({ type, who, meta }) => [type, who.kind, meta.sends ?? meta.trigger ?? ""]),
    ).toEqual([
      ["approval.requested", "agent", "yes"],
      ["approval.decided", "owner", "yes"],
      ["order.submitted", "agent", "approval"],
    ]);
    expect(new Set(left.map(({ who }) => who.client_id))).toEqual(new Set([chain.agent.clientId]));
  }, 60_000);

  it("is what the preview's next call asks for, as often as it is copied", async () => {
    const { agent, broker } = chain;
    const before = chain.posts();
    const shown = await agent.call("ibkr_order_preview", small(broker, { limit_price: price() }));
    const [, tool = "", args = "{}"] = /Next call: (\w+) (\{.*?\})/.exec(shown.next_step) ?? [];
    const asked = await agent.call(tool, JSON.parse(args));
    const again = await agent.call(tool, JSON.parse(args));
    expect(asked).toMatchObject({ outcome: "asked", approval: { submit_on_approval: true } });
    expect(again.approval).toEqual(asked.approval);
    const approvalId = String(asked.approval.approval_id);
    expect((await send(approvalId)).status).toBe(303);
    const { order } = await status(approvalId);
    const { idempotency_key } = JSON.parse(args);
    expect(await submit(approvalId, idempotency_key)).toMatchObject({
      replayed: true,
      order: { order_ref: order.order_ref },
    });
    expect(chain.posts() - before).toBe(1);
  }, 60_000);

  it("is one order where agent and owner act at the same moment", async () => {
    const before = chain.posts();
    const { key, approvalId } = await ask();
    const [pressed, ...agents] = await Promise.all([
      send(approvalId),
      ...Array.from({ length: 6 }, () => submit(approvalId, key)),
    ]);
    expect(pressed.status).toBe(303);
    const { order } = await status(approvalId);
    for (const answer of agents) {
      // Before the press it is not approved; from then on it is that order.
      if (answer.outcome !== "refused") expect(answer.order.order_ref).toBe(order.order_ref);
    }
    expect(await submit(approvalId, key)).toMatchObject({ replayed: true });
    expect(chain.posts() - before).toBe(1);
  }, 60_000);

  it("works for a bracket, and for a change of a working order", async () => {
    const before = chain.posts();
    const bracket = await ask("ibkr_bracket_order_preview", {
      take_profit_price: "189",
      stop_loss_price: "171",
    });
    expect((await send(bracket.approvalId)).status).toBe(303);
    expect((await status(bracket.approvalId)).order.orders).toHaveLength(3);
    const same = await submit(bracket.approvalId, bracket.key, "ibkr_paper_bracket_order_submit");
    expect(same).toMatchObject({ replayed: true });
    expect(chain.posts() - before).toBe(1);

    const first = await ask();
    await send(first.approvalId);
    await expect
      .poll(async () => (await status(first.approvalId)).order.state, { timeout: 20_000 })
      .toBe("working");
    const { order_id } = (await status(first.approvalId)).order.orders[0];
    const change = {
      account_id: chain.broker,
      order_id,
      limit_price: price(),
      idempotency_key: nextKey(),
    };
    const asking = { ...change, submit_on_approval: true };
    const askForIt = () => chain.agent.call("ibkr_paper_order_modify", asking);
    let needed = await askForIt();
    // The PC changes nothing before it has read the order in the broker's own list.
    await expect
      .poll(
        async () => {
          if (needed.outcome === "refused") needed = await askForIt();
          return needed.outcome;
        },
        { timeout: 20_000, interval: 1_000 },
      )
      .toBe("approval_needed");
    const { approval_id } = needed.approval;
    // Asked again with the same words: the owner is not asked twice.
    const again = await askForIt();
    expect(again).toMatchObject({ replayed: true, approval: { approval_id } });
    expect((await send(approval_id)).status).toBe(303);
    const { order } = await status(approval_id);
    expect(["accepted", "working"]).toContain(order.state);
    const stands = chain.sim.control.orders().find(({ id }) => String(id) === order_id);
    expect(stands?.price?.toFixed(2)).toBe(change.limit_price);
    const own = await chain.agent.call("ibkr_paper_order_modify", { ...change, approval_id });
    expect(own).toMatchObject({ replayed: true, order: { order_ref: order.order_ref } });
  }, 90_000);

  it("is not approved while the PC is away, and is not sent when it comes back", async () => {
    const before = chain.posts();
    const { approvalId } = await ask();
    const asking = await chain.page(`/approvals/${approvalId}`);
    await chain.stopPc();
    const response = chain.passkey.use(ceremonyOn(asking));
    const pressed = await chain.form(`/approvals/${approvalId}/approve`, { response, send: "yes" });
    expect(pressed.status).toBe(409);
    expect(await pressed.text()).toMatch(/Nothing was (sent|approved)/);
    expect(await status(approvalId)).toMatchObject({ approval: { state: "pending" }, order: null });
    await chain.startPc();
    await expect
      .poll(async () => (await chain.agent.call("ibkr_backend_status")).broker.state, {
        timeout: 60_000,
      })
      .toBe("ready");
    expect(chain.posts() - before).toBe(0);
    expect(await status(approvalId)).toMatchObject({ approval: { state: "pending" } });
  }, 120_000);
});
