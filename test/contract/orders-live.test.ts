import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codesOf, eventually } from "../support/eventually.ts";
import { passkeyFields } from "../support/members.ts";
import {
  AAPL,
  type Agent,
  type OrderChain,
  small,
  startOrderChain,
} from "../support/order-chain.ts";
import { ceremonyOn } from "../support/software-passkey.ts";

/**
 * Real money, as far as a simulator has it: every switch, the checklist, and the number that only the
 * PC shows, through client, workerd, relay, sidecar process and a live-shaped account.
 */
let chain: OrderChain;
let agent: Agent;
let account: string;
let cents = 0;

const ITEMS = [
  "paper_trading_validated",
  "approvals_reviewed",
  "limits_reviewed",
  "kill_switch_tested",
  "incident_runbook_reviewed",
];
/** Below the market, and another each time. */
const price = () => {
  cents += 1;
  return (179 - cents / 100).toFixed(2);
};
const key = (name: string) => `live-${name}-${++cents}`;
const live = (on: boolean) =>
  chain.form("/trading/switch", { mode: "live", on: on ? "yes" : "no" });
const status = (approval_id: string) =>
  agent.call("ibkr_approval_status", { account_id: account, approval_id });
const submit = (approval_id: string, name = "submit") =>
  agent.call("ibkr_live_order_submit", {
    account_id: account,
    approval_id,
    idempotency_key: key(name),
  });

async function ask(over: Record<string, unknown> = {}): Promise<string> {
  const order = small(account, { limit_price: price(), ...over });
  const { preview } = await agent.call("ibkr_order_preview", order);
  expect([preview?.policy_failures, preview?.pc_refusals]).toEqual([[], []]);
  expect(preview).toMatchObject({ mode: "live", tier: 2, may_be_asked: true });
  const { approval } = await agent.call("ibkr_approvals_create", {
    account_id: account,
    preview_id: preview.preview_id,
  });
  return approval.approval_id;
}

/** The number, as whoever sits at the PC reads it. */
async function numberAtPc(): Promise<number> {
  const { output } = await chain.pc("requests", "--json");
  const [newest = "{}"] = output.split("\n");
  return JSON.parse(newest).number;
}

/** The page was read for long enough. */
const haveRead = (approvalId: string) =>
  chain.gateway.sql(
    "Account",
    chain.accountId,
    "UPDATE order_approval_views SET first_seen_at = first_seen_at - 6000 WHERE approval_id = ?",
    approvalId,
  );

async function tap(approvalId: string, typed: Record<string, string>) {
  const asking = await chain.page(`/approvals/${approvalId}`);
  await haveRead(approvalId);
  const response = chain.passkey.use(ceremonyOn(asking));
  const answer = await chain.form(`/approvals/${approvalId}/approve`, { response, ...typed });
  return { status: answer.status, text: await answer.text() };
}

const typed = async () => ({ symbol: "aapl", quantity: "1", echo: String(await numberAtPc()) });

async function approved(over: Record<string, unknown> = {}): Promise<string> {
  const id = await ask(over);
  const answer = await tap(id, await typed());
  if (answer.status !== 303) throw new Error(answer.text);
  return id;
}

beforeAll(async () => {
  chain = await startOrderChain({ paperOn: false, live: true });
  ({ agent, broker: account } = chain);
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  chain.sim.control.change({ questions: { enabled: false } });
}, 240_000);
afterAll(() => chain?.close());

describe("a live order", () => {
  it("waits for the checklist, item by item, and for the live switch of its own", async () => {
    const order = small(account, { limit_price: price() });
    const off = (await agent.call("ibkr_order_preview", order)).preview;
    expect(off.may_be_asked).toBe(false);
    expect(codesOf(off.policy_failures)).toEqual(
      expect.arrayContaining(["FEATURE_DISABLED", "MIGRATION_CHECKLIST_MISSING"]),
    );
    // Paper is another switch: it lets no live order out.
    expect((await chain.form("/trading/switch", { mode: "paper", on: "yes" })).status).toBe(303);
    expect((await live(true)).status).toBe(409);
    await chain.form("/trading/checklist", { item: "everything" });
    for (const item of ITEMS) {
      expect((await live(true)).status).toBe(409);
      expect((await chain.form("/trading/checklist", { item })).status).toBe(303);
    }
    const ready = (await agent.call("ibkr_order_preview", order)).preview;
    expect(codesOf(ready.policy_failures)).toContain("FEATURE_DISABLED");
    expect(codesOf(ready.policy_failures)).not.toContain("MIGRATION_CHECKLIST_MISSING");
    expect((await live(true)).status).toBe(303);
    // The owner's own limits may say no to a closed market, or to an old quote; not to this test.
    const loosened = await chain.limits({
      "form.when_closed": "yes",
      "data.max_quote_age_seconds": "",
      "cumulative.max_orders_per_second": "",
      "cumulative.max_orders_per_minute": "",
      "cumulative.max_orders_per_hour": "",
      "cumulative.max_messages_per_minute": "",
      "clients.max_approvals_per_hour": "",
      "clients.max_orders_per_day": "",
      "clients.max_notional_per_day": "",
      "cumulative.max_buy_notional_per_day": "",
      "cumulative.max_turnover_per_day": "",
      "cumulative.max_open_notional": "",
      "cumulative.max_open_orders": "",
      "cumulative.repeat_times": "",
    });
    expect(loosened.status).toBe(303);
    await chain.pc("policy", "set", "live", "max_orders_per_minute", "60");
    // The broker's clock is heard with its first heartbeat, at most ten seconds after the connection.
    const on = await eventually(
      async () => (await agent.call("ibkr_order_preview", order)).preview,
      ({ policy_failures }) => !codesOf(policy_failures).includes("CLOCK_SKEW"),
    );
    expect([on.policy_failures, on.pc_refusals]).toEqual([[], []]);
    expect(on).toMatchObject({ may_be_asked: true, tier: 2, mode: "live" });
  }, 90_000);

  it("takes symbol, quantity and the PC's number, typed; without the number it is refused at the page", async () => {
    const id = await ask();
    expect(await chain.page(`/approvals/${id}`)).toContain("Live account, real money");
    const number = await numberAtPc();
    const before = chain.posts();
    const bare = await tap(id, {});
    expect([bare.status, bare.text]).toEqual([409, expect.stringContaining("What was typed")]);
    const other = await tap(id, { symbol: "MSFT", quantity: "1", echo: String(number) });
    expect([other.status, other.text]).toEqual([409, expect.stringContaining("What was typed")]);
    const empty = await tap(id, { symbol: "AAPL", quantity: "1", echo: "" });
    expect([empty.status, empty.text]).toEqual([409, expect.stringContaining("Type the number")]);
    expect((await status(id)).approval.state).toBe("pending");
    const right = await tap(id, { symbol: "aapl", quantity: "1.0", echo: String(number) });
    expect(right.status).toBe(303);

    const asPaper = await agent.call("ibkr_paper_order_submit", {
      account_id: account,
      approval_id: id,
      idempotency_key: key("as-paper"),
    });
    expect(codesOf(asPaper.refusals)).toEqual(["ORDER_ACCOUNT_MODE_REFUSED"]);
    expect(chain.posts()).toBe(before);
    const sent = await submit(id);
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });
    expect(chain.posts() - before).toBe(1);
    chain.sim.control.fillOrder(Number(sent.order.orders[0].order_id));
    const told = await eventually(
      () => status(id),
      ({ order }) => order.state === "filled",
    );
    expect(told.approval).toMatchObject({ state: "consumed", tier: 2 });
  }, 90_000);

  it("whose number was guessed once is dead, at the page and at the PC", async () => {
    const id = await ask();
    const number = await numberAtPc();
    const before = chain.posts();
    const guess = { symbol: "AAPL", quantity: "1", echo: String(number === 1000 ? 1001 : 1000) };
    const answer = await tap(id, guess);
    expect([answer.status, answer.text]).toEqual([
      409,
      expect.stringContaining("each order has one try"),
    ]);
    const right = await tap(id, { symbol: "AAPL", quantity: "1", echo: String(number) });
    expect(right.status).toBe(409);
    expect((await chain.pc("requests")).output).toContain("worth nothing any more");
    expect(chain.posts()).toBe(before);
  }, 60_000);

  it("is changed under an approval of its own, and withdrawn under none, every switch off", async () => {
    const sent = await submit(await approved(), "change");
    const { order_id } = sent.order.orders[0];
    const change = { account_id: account, order_id, limit_price: price() };
    // The broker's own list may lag behind what it streamed; until it agrees, nothing is changed.
    const asked = await eventually(
      () => agent.call("ibkr_live_order_modify", { ...change, idempotency_key: key("ask") }),
      ({ outcome }) => outcome === "approval_needed",
    );
    expect(asked.approval.tier).toBe(2);
    const { approval_id } = asked.approval;
    expect((await tap(approval_id, await typed())).status).toBe(303);
    const changed = await agent.call("ibkr_live_order_modify", {
      ...change,
      approval_id,
      idempotency_key: key("change"),
    });
    expect(changed).toMatchObject({ refusals: [], order: { action: "modify" } });
    expect(
      chain.sim.control.orders().find(({ id }) => String(id) === order_id)?.price,
    ).toBeDefined();

    expect((await live(false)).status).toBe(303);
    await chain.pc("policy", "live", "off");
    const gone = await agent.call("ibkr_live_order_cancel", {
      account_id: account,
      order_id,
      idempotency_key: key("cancel"),
    });
    expect(gone).toMatchObject({ refusals: [], order: { action: "cancel", state: "cancelled" } });
    expect((await live(true)).status).toBe(303);
    await chain.pc("policy", "live", "on", "--account", account, "--yes");
  }, 90_000);

  it("that was approved stays where it is when one switch is off by then", async () => {
    const atEdge = await approved();
    const atPc = await approved();
    const before = chain.posts();
    await live(false);
    expect(codesOf((await submit(atEdge, "edge-off")).refusals)).toContain("FEATURE_DISABLED");
    await live(true);
    await chain.pc("policy", "live", "off");
    const refused = await submit(atPc, "pc-off");
    expect(refused.order).toMatchObject({ state: "rejected", orders: [] });
    expect(chain.posts()).toBe(before);
    await chain.pc("policy", "live", "on", "--account", account, "--yes");
  }, 60_000);

  it("whose broker asks something takes the PC's number for the yes, as placing it did", async () => {
    const text = "The price is beyond 3 % of the market. Proceed?";
    chain.sim.control.change({
      questions: { enabled: true, mandatoryCap: false, extra: [{ id: "o99999", text }] },
    });
    const approval = await approved();
    const sent = await submit(approval, "question");
    expect(sent.order.state).toBe("awaiting_confirmation");
    const ref = sent.order.order_ref;
    const yes = async (echo: number | null) => {
      const page = await chain.page(`/orders/question?ref=${ref}`);
      expect(page).toContain(`${text} (o99999)`);
      expect(page).toContain("live, real money");
      expect(page).toContain("Number shown at your PC");
      const { nonce = "", not_after = "" } = passkeyFields(page);
      const response = chain.passkey.use(ceremonyOn(page));
      const typed = echo === null ? {} : { echo: String(echo) };
      const said = { coid: ref, say: "yes", nonce, not_after, response, ...typed };
      return chain.form("/orders/answer", said);
    };
    const { output } = await chain.pc("requests", "--json");
    const rows = output.split("\n").filter((line) => line.startsWith("{"));
    const asked = rows.map((line) => JSON.parse(line)).find(({ coid }) => coid === ref);
    expect(asked.question[0]).toContain(text);
    const none = await yes(null);
    expect(none.status).toBe(409);
    expect(await none.text()).toContain("needs the number that your PC shows");
    const right = await yes(asked.number);
    expect([right.status, await right.text()]).toEqual([303, ""]);
    await eventually(
      () => status(approval),
      ({ order }) => order.state === "working",
      60_000,
    );
    chain.sim.control.change({ questions: { enabled: false, extra: [] } });
  }, 120_000);

  it("with its exits goes out whole; one without its stop is withdrawn from the alert", async () => {
    const bracket = async () => {
      const { preview } = await agent.call("ibkr_bracket_order_preview", {
        ...small(account, { limit_price: price() }),
        take_profit_price: "190",
        stop_loss_price: "170",
      });
      expect([preview?.policy_failures, preview?.pc_refusals]).toEqual([[], []]);
      const { approval } = await agent.call("ibkr_approvals_create", {
        account_id: account,
        preview_id: preview.preview_id,
      });
      expect((await tap(approval.approval_id, await typed())).status).toBe(303);
      return agent.call("ibkr_live_bracket_order_submit", {
        account_id: account,
        approval_id: approval.approval_id,
        idempotency_key: key("bracket"),
      });
    };
    const whole = await bracket();
    expect(whole.refusals).toEqual([]);
    expect(whole.order.orders.map(({ role }: { role: string }) => role).sort()).toEqual([
      "entry",
      "stop_loss",
      "take_profit",
    ]);
    chain.sim.control.change({ brackets: { mode: "child-refused" } });
    const sentAt = Date.now();
    const broken = await bracket();
    const page = await eventually(
      () => chain.page("/orders"),
      (html) => html.includes("A position may stand without protection"),
      15_000,
    );
    expect(Date.now() - sentAt).toBeLessThan(15_000);
    chain.sim.control.change({ brackets: { mode: "ok" } });
    const alert = /name="alert" value="([^"]+)"/.exec(page)?.[1] ?? "";
    const done = await chain.form("/orders/cancel", { alert });
    expect([done.status, done.status === 303 ? "" : await done.text()]).toEqual([303, ""]);
    const entry = broken.order.orders.find(({ role }: { role: string }) => role === "entry");
    await eventually(
      async () =>
        chain.sim.control.orders().find(({ id }) => String(id) === entry.order_id)?.status,
      (word) => /cancel/i.test(word ?? ""),
    );
    // Nobody but the owner: a bearer token presses no button.
    const byAgent = await fetch(`${chain.gateway.url}/orders/cancel`, {
      method: "POST",
      redirect: "manual",
      headers: { authorization: `Bearer ${agent.token}`, origin: chain.gateway.url },
      body: new URLSearchParams({ alert }),
    });
    expect(byAgent.headers.get("location")).toContain("/sign-in");
  }, 90_000);

  it("of which nobody was told the number is withdrawn, too, when the owner stops everything", async () => {
    const { control } = chain.sim;
    const approval = await approved();
    control.webSocket({ kind: "stopTopic", topic: "sor" });
    control.addFault({
      match: { method: "GET", path: "/\\/account\\/orders$/" },
      do: { action: "respond", status: 503, body: "" },
      times: 0,
    });
    control.addFault({
      match: { method: "POST", path: "/\\/account\\/[^/]+\\/orders$/" },
      do: { action: "applyThenFail", how: "reset" },
    });
    const before = control.orders().length;
    const sent = await submit(approval, "unknown");
    expect(sent.order.orders.map(({ order_id }: { order_id: string | null }) => order_id)).toEqual([
      null,
    ]);
    const [landed] = control.orders().slice(before);
    expect(landed?.status).toMatch(/Submit/);
    control.clearFaults();
    const stop = { effect: "freeze_and_cancel" };
    expect((await chain.form("/trading/kill", stop)).status).toBe(303);
    await eventually(
      async () => control.orders().find(({ id }) => id === landed?.id)?.status,
      (word) => /cancel/i.test(word ?? ""),
      60_000,
    );
    expect((await chain.lift()).status).toBe(303);
  }, 90_000);
});
