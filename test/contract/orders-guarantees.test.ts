import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { BAD_INPUT } from "../support/bad-input.ts";
import { codesOf, eventually } from "../support/eventually.ts";
import { type Agent, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { ceremonyOn } from "../support/software-passkey.ts";
import { describeAbuse } from "./orders-abuse.ts";

/** What must hold of orders, each through client, workerd, relay, sidecar process and simulator. */
let chain: OrderChain;
let agent: Agent;
let account: string;
let market: number;
let serial = 0;

/** Another order each time, so that none is the duplicate of an earlier one. */
const price = () => {
  serial += 1;
  return (Math.round(market * 0.98 * 100) / 100 - serial / 100).toFixed(2);
};
const key = (name: string) => {
  serial += 1;
  return `test-${name}-${serial}`;
};
const submit = (approval_id: string, idempotency_key: string, by: Agent = agent) =>
  by.call("ibkr_paper_order_submit", { account_id: account, approval_id, idempotency_key });
const codes = ({ refusals }: { refusals: { code: string }[] }) => codesOf(refusals);
const leaves = async (type: string): Promise<{ meta: Record<string, string> }[]> =>
  (
    await chain.gateway.sql<{ event: string }>(
      "Account",
      chain.accountId,
      "SELECT event FROM audit_log ORDER BY seq",
    )
  )
    .map(({ event }) => JSON.parse(event))
    .filter((event) => event.type === type);
const status = (approval_id: string) =>
  agent.call("ibkr_approval_status", { account_id: account, approval_id });

beforeAll(async () => {
  // Other owners may come: one of them is sent the link of an approval.
  chain = await startOrderChain({ vars: { SIGN_UP: "open" } });
  ({ agent, broker: account } = chain);
  const probe = await agent.call("ibkr_order_preview", small(account, { limit_price: "1" }));
  const { bid, last, prior_close } = probe.preview.market;
  market = Number(bid ?? last ?? prior_close);
  const loosened = await chain.limits({
    "cumulative.max_orders_per_second": "",
    "cumulative.max_orders_per_minute": "",
    "cumulative.max_orders_per_hour": "",
    "cumulative.max_orders_per_day": "1000",
    "cumulative.max_messages_per_minute": "",
    "cumulative.max_buy_notional_per_day": "",
    "cumulative.max_turnover_per_day": "",
    "cumulative.max_open_orders": "",
    "cumulative.max_open_notional": "",
    "cumulative.repeat_times": "",
    "clients.max_orders_per_day": "",
    "clients.max_notional_per_day": "",
    "clients.max_approvals_per_hour": "",
    "portfolio.max_position_notional": "",
  });
  if (loosened.status !== 303) throw new Error(await loosened.text());
  // The PC's caps count as well: six orders a minute by default.
}, 240_000);
afterAll(() => chain?.close());

describe("orders", () => {
  it("two hundred parallel submits of one approval make one order", async () => {
    const approval = await chain.approved({ limit_price: price() });
    const before = chain.posts();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => submit(approval, `parallel-${n}-${serial}`)),
    );
    expect(chain.posts() - before).toBe(1);
    const sent = answers.filter(({ order }) => order !== null);
    expect(sent).toHaveLength(1);
    for (const refused of answers.filter(({ order }) => order === null)) {
      expect(codes(refused)).toContain("APPROVAL_CONSUMED");
    }
  }, 60_000);

  it("two hundred parallel submits of one key make one order, and every caller hears of it", async () => {
    const approval = await chain.approved({ limit_price: price() });
    const before = chain.posts();
    const same = key("same");
    const answers = await Promise.all(Array.from({ length: 200 }, () => submit(approval, same)));
    expect(chain.posts() - before).toBe(1);
    expect(new Set(answers.map(({ order }) => order?.order_ref)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await submit(approval, same)).toMatchObject({ replayed: true });
    const other = await chain.approved({ limit_price: price() });
    expect(codes(await submit(other, same))).toEqual(["IDEMPOTENCY_CONFLICT"]);
    expect(chain.posts() - before).toBe(1);
  }, 60_000);

  it("a filled order is told to the client as filled, with its leaves", async () => {
    const approval = await chain.approved({ limit_price: price() });
    const sent = await submit(approval, key("fill"));
    const [part] = sent.order.orders;
    await eventually(
      () => status(approval),
      ({ order }) => order.state === "working",
    );
    chain.sim.control.fillOrder(Number(part.order_id));
    const told = await eventually(
      () => status(approval),
      ({ order }) => order.state === "filled",
    );
    expect(told.approval.state).toBe("consumed");
    expect(["order_stream", "trades", "live_orders", "order_status"]).toContain(
      told.order.proved_by,
    );
    const ref = told.order.order_ref;
    const submitted = (await leaves("order.submitted")).filter(({ meta }) => meta.coid === ref);
    expect(submitted).toHaveLength(1);
    expect(submitted[0]?.meta).toMatchObject({ approval_id: approval, tier: "1" });
    const states = (await leaves("order.state")).filter(({ meta }) => meta.coid === ref);
    expect(states.at(-1)?.meta).toMatchObject({ to: "filled" });
    for (const [type, id] of [
      ["approval.requested", approval],
      ["approval.decided", approval],
    ] as const) {
      const own = (await leaves(type)).filter(({ meta }) => meta.approval_id === id);
      expect(own).toHaveLength(1);
    }
  }, 60_000);

  it("engaged means engaged: an approved order is refused, a cancel passes, only the passkey lifts it", async () => {
    const standing = await chain.approved({ limit_price: price() });
    const placed = await submit(standing, key("standing"));
    await eventually(
      () => status(standing),
      ({ order }) => order.state === "working",
    );
    const waiting = await chain.approved({ limit_price: price() });
    const before = chain.posts();
    const engaged = await agent.call("ibkr_kill_switch_engage", { reason: "test" });
    expect(engaged).toMatchObject({ engaged: true, switches: [{ engaged_by: "agent" }] });
    expect(codes(await submit(waiting, key("killed")))).toContain("KILL_SWITCH_CLOSED");
    expect(chain.posts()).toBe(before);

    const cancelled = await agent.call("ibkr_paper_order_cancel", {
      account_id: account,
      order_id: placed.order.orders[0].order_id,
      idempotency_key: key("cancel"),
    });
    expect(cancelled.refusals).toEqual([]);
    await eventually(
      () => status(standing),
      ({ order }) => order.state === "cancelled",
    );
    const lifting = await chain.page("/trading/lift?scope=gateway&subject=");
    expect(lifting).toContain("What resumes for every account");
    const forged = await chain.form("/trading/lift", {
      scope: "gateway",
      subject: "",
      nonce: "0".repeat(32),
      not_after: new Date(Date.now() + 60_000).toISOString(),
      response: chain.passkey.use(ceremonyOn(lifting)),
    });
    expect(forged.status).toBe(409);
    expect((await agent.call("ibkr_kill_switch_status")).engaged).toBe(true);
    expect((await chain.lift()).status).toBe(303);
    expect((await agent.call("ibkr_kill_switch_status")).engaged).toBe(false);
    expect((await leaves("kill.engaged")).length).toBe((await leaves("kill.lifted")).length);
  }, 60_000);

  it("the requester cannot approve: a bearer token opens no approval page, a look decides nothing", async () => {
    const { preview } = await agent.call(
      "ibkr_order_preview",
      small(account, { limit_price: price() }),
    );
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: account,
      preview_id: preview.preview_id,
    });
    const path = `/approvals/${approval.approval_id}`;
    for (const method of ["GET", "HEAD", "POST"]) {
      for (const url of [path, `${path}/approve`]) {
        const response = await fetch(`${chain.gateway.url}${url}`, {
          method,
          redirect: "manual",
          headers: { authorization: `Bearer ${agent.token}`, origin: chain.gateway.url },
        });
        expect([302, 303, 404, 405]).toContain(response.status);
        expect(await response.text()).not.toContain("AAPL");
      }
    }
    await chain.owner.get(path);
    expect((await status(approval.approval_id)).approval.state).toBe("pending");
    expect(codes(await submit(approval.approval_id, key("unapproved")))).toContain(
      "APPROVAL_MISSING",
    );
  }, 60_000);

  it("a denial holds, an approval is decided once, and another client cannot use it (N52)", async () => {
    const order = { limit_price: price() };
    const { preview } = await agent.call("ibkr_order_preview", small(account, order));
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: account,
      preview_id: preview.preview_id,
    });
    const asking = await chain.page(`/approvals/${approval.approval_id}`);
    expect((await chain.deny(approval.approval_id)).status).toBe(303);
    const late = await chain.form(`/approvals/${approval.approval_id}/approve`, {
      response: chain.passkey.use(ceremonyOn(asking)),
    });
    expect(late.status).toBe(409);
    expect((await status(approval.approval_id)).approval.state).toBe("denied");
    const again = await agent.call("ibkr_order_preview", small(account, order));
    expect(again.preview.may_be_asked).toBe(false);
    expect(codesOf(again.preview.policy_failures)).toContain("APPROVAL_DENIED");
    const refused = await agent.call("ibkr_approvals_create", {
      account_id: account,
      preview_id: again.preview.preview_id,
    });
    expect(refused).toMatchObject({ outcome: "refused", approval: null });

    const good = await chain.approved({ limit_price: price() });
    const stranger = await chain.newAgent("Another agent");
    const before = chain.posts();
    expect((await submit(good, key("stolen"), stranger)).order).toBeNull();
    expect(
      (await stranger.call("ibkr_approval_status", { account_id: account, approval_id: good }))
        .code,
    ).toBe("NOT_FOUND");
    expect(chain.posts()).toBe(before);
  }, 60_000);

  it("the account's own chores are done in the real object: pruning, the day's losses, the book", async () => {
    const chores = await eventually(
      async () =>
        (
          await chain.gateway.sql<{ chore: string }>(
            "Account",
            chain.accountId,
            "SELECT chore FROM order_chores",
          )
        ).map(({ chore }) => chore),
      (done) => done.includes("prune") && done.includes(`loss:${account}`),
      45_000,
    );
    expect(chores.filter((chore: string) => /failed/.test(chore))).toEqual([]);
  }, 60_000);

  it("an approval of one order signs no other order (N53, N55)", async () => {
    const ask = async (limit_price: string) => {
      const { preview } = await agent.call("ibkr_order_preview", small(account, { limit_price }));
      return (
        await agent.call("ibkr_approvals_create", {
          account_id: account,
          preview_id: preview.preview_id,
        })
      ).approval.approval_id;
    };
    const one = await ask(price());
    const two = await ask(price());
    const signature = chain.passkey.use(ceremonyOn(await chain.page(`/approvals/${one}`)));
    const swapped = await chain.form(`/approvals/${two}/approve`, { response: signature });
    expect(swapped.status).toBe(409);
    expect(await swapped.text()).toContain("did not sign this order");
    expect((await status(two)).approval.state).toBe("pending");
    for (const wrong of [
      { origin: "https://evil.example" },
      { rpId: "evil.example" },
      { userVerified: false },
      { type: "webauthn.create" },
    ]) {
      const asking = ceremonyOn(await chain.page(`/approvals/${two}`));
      const response = chain.passkey.use(asking, wrong);
      const answer = await chain.form(`/approvals/${two}/approve`, { response });
      expect([wrong, answer.status]).toEqual([wrong, 409]);
    }
    expect((await status(two)).approval.state).toBe("pending");
  }, 60_000);
});

describeAbuse({ chain: () => chain, price, key });

/** Requests that place, change or withdraw; the broker's what-if is none of them. */
const writes = () =>
  chain.sim.control
    .requests()
    .filter(
      ({ method, path }) =>
        (method === "POST" && /\/account\/[^/]+\/orders?(\/\d+)?$/.test(path)) ||
        method === "DELETE",
    ).length;

describe("bad input", () => {
  let filled = "";
  beforeAll(async () => {
    const sent = await submit(await chain.approved({ limit_price: price() }), key("to-fill"));
    filled = sent.order.orders[0].order_id;
    await eventually(
      async () => chain.sim.control.orders().find(({ id }) => String(id) === filled),
      (order) => order !== undefined,
    );
    chain.sim.control.fillOrder(Number(filled));
  }, 60_000);

  it.each(BAD_INPUT)(
    "$item: $code, naming $field, nothing sent, an event in the log",
    async (bad) => {
      const approvals: string[] = [];
      for (let n = 0; n < 2; n += 1) approvals.push(await chain.approved({ limit_price: price() }));
      const [{ seq } = { seq: 0 }] = await chain.gateway.sql<{ seq: number }>(
        "Account",
        chain.accountId,
        "SELECT MAX(seq) AS seq FROM audit_log",
      );
      const before = writes();
      const answer = await bad.send({
        chain,
        agent,
        account,
        price,
        key: () => key("bad"),
        filled,
        approval: () => chain.approved({ limit_price: price() }),
      });
      const refusals: { code: string; field: string; rule: string }[] = answer.refusals ?? [];
      const refused = refusals.find(({ code }) => code === bad.code);
      if (refused === undefined) {
        expect([bad.item, answer.code, refusals]).toEqual([bad.item, bad.code, []]);
        expect(answer.message).toContain(bad.field);
      } else {
        expect(refused.field).toBe(bad.field);
        expect(refused.rule).toEqual(bad.rule ?? expect.stringMatching(/./));
      }
      // A key that is used again was used once before, for an order of its own.
      const own = bad.code === "IDEMPOTENCY_CONFLICT" ? 1 : 0;
      expect(writes() - before).toBe(own);
      const events = await chain.gateway.sql<{ event: string }>(
        "Account",
        chain.accountId,
        `SELECT event FROM audit_log WHERE seq > ${seq}`,
      );
      const codesLogged = events.flatMap(({ event }) => {
        const { what, meta } = JSON.parse(event);
        return [what.error_code, ...String(meta.codes ?? "").split(",")];
      });
      expect(codesLogged).toContain(bad.code);
    },
    60_000,
  );
});

describe("a day that is lost", () => {
  it("stops entries by itself, lets exits out, tells the owner, and is lifted by the passkey alone", async () => {
    const waiting = await chain.approved({ limit_price: price() });
    // Most of what the account holds is sold, far below what was paid for it.
    const selling = await chain.approved({ side: "SELL", quantity: "20", limit_price: price() });
    const sold = await submit(selling, key("sold"));
    expect(sold.refusals).toEqual([]);
    const number = () => sold.order.orders[0]?.order_id;
    if (
      !chain.sim.control
        .orders()
        .some(({ id, status }) => String(id) === number() && status === "Filled")
    ) {
      chain.sim.control.fillOrder(Number(number()), undefined, 100);
    }
    await eventually(
      () => agent.call("ibkr_order_preview", small(account, { limit_price: price() })),
      ({ preview }) =>
        preview.policy_failures.some(({ code }: { code: string }) => code === "DAILY_LOSS_LIMIT"),
      45_000,
    );
    const status = await agent.call("ibkr_kill_switch_status");
    expect(status).toMatchObject({
      engaged: true,
      switches: [{ scope: "broker_account", engaged_by: "policy", effect: "freeze" }],
    });
    expect(status.switches[0].reason).toMatch(/^Today's loss is [\d.]+; the hard limit is 2000\.$/);
    const engaged = (await leaves("kill.engaged")).filter(({ meta }) => meta.actor === "policy");
    expect(engaged).toMatchObject([{ meta: { cause: "daily_loss_hard" } }]);
    expect(await chain.page("/orders")).toContain("The gateway itself engaged the kill switch");
    const before = chain.posts();
    expect(codes(await submit(waiting, key("lost-day")))).toContain("KILL_SWITCH_CLOSED");
    expect(chain.posts()).toBe(before);
    const exit = await chain.approved({ side: "SELL", limit_price: price() });
    expect((await submit(exit, key("way-out"))).refusals).toEqual([]);
    expect(chain.posts()).toBe(before + 1);

    const path = `/trading/lift?scope=broker_account&subject=${account}`;
    const asking = await chain.page(path);
    const { nonce = "", not_after = "" } = formFields(asking);
    const form = { scope: "broker_account", subject: account, nonce, not_after };
    expect((await chain.form("/trading/lift", { ...form, response: "" })).status).not.toBe(303);
    expect((await agent.call("ibkr_kill_switch_status")).engaged).toBe(true);
    const lifted = await chain.form("/trading/lift", {
      ...form,
      response: chain.passkey.use(ceremonyOn(asking)),
    });
    expect(lifted.status).toBe(303);
    expect((await agent.call("ibkr_kill_switch_status")).engaged).toBe(false);
  }, 90_000);
});
