import { mkdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { violationsOn } from "../support/axe.ts";
import { CHROMIUM, NO_CHROMIUM } from "../support/chromium.ts";
import { AAPL, type OrderChain, small } from "../support/order-chain.ts";
import { type OwnersPhone, PHONE, startOwnersPhone } from "../support/phone.ts";

/** An order as its owner lives it, on a phone: asked, read, approved, denied, frozen, expired. */
const ARTIFACTS = fromRoot("artifacts/console");
const DESK = { width: 1280, height: 900 };
/** All sizes and both schemes, for looking at: SHOTS=all. */
const LOOKS = [
  ["phone", PHONE, "light"],
  ["phone-dark", PHONE, "dark"],
  ["desk", DESK, "light"],
  ["desk-dark", DESK, "dark"],
] as const;

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("an order in a real browser", () => {
  let phone: OwnersPhone;
  let chain: OrderChain;
  let page: Page;
  let market: number;
  let complaints: string[];
  const shoot = async (name: string) => {
    for (const [look, size, colorScheme] of process.env.SHOTS === "all"
      ? LOOKS
      : LOOKS.slice(0, 1)) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `${ARTIFACTS}/orders-${name}-${look}.png`, fullPage: true });
      expect([name, look, await violationsOn(page)]).toEqual([name, look, []]);
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect([name, look, overflow]).toEqual([name, look, 0]);
    }
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "light" });
  };
  const ask = async (order: Record<string, unknown> = {}, tool = "ibkr_order_preview") => {
    const { agent, broker } = chain;
    const { preview } = await agent.call(
      tool,
      small(broker, { limit_price: phone.nextLimit(0.98), ...order }),
    );
    expect([preview?.policy_failures, preview?.pc_refusals]).toEqual([[], []]);
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: broker,
      preview_id: preview.preview_id,
    });
    return approval;
  };

  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true });
    phone = await startOwnersPhone();
    ({ chain, page, market, complaints } = phone);
  }, 240_000);
  afterAll(async () => {
    await phone?.close();
  });

  it("is read, approved with the passkey, sent, filled, and read by the client", async () => {
    const approval = await ask();
    await page.goto(`${chain.gateway.url}/approvals`);
    await shoot("approvals");
    await page.goto(approval.approval_url);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toMatch(
      /^Buy 1 AAPL at \S+ USD or less, /,
    );
    expect(await page.getByText("Paper account, no real money").isVisible()).toBe(true);
    expect(await page.getByText("Test agent", { exact: true }).isVisible()).toBe(true);
    await shoot("approve");
    await page.getByRole("button", { name: "Approve this purchase" }).click();
    await page.getByText("You approved it; the agent can send it now").waitFor();
    await shoot("approved");

    const sent = await chain.agent.call("ibkr_paper_order_submit", {
      account_id: chain.broker,
      approval_id: approval.approval_id,
      idempotency_key: "browser-walk-1",
    });
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });
    chain.sim.control.fillOrder(Number(sent.order.orders[0].order_id));
    await expect
      .poll(
        async () =>
          (
            await chain.agent.call("ibkr_approval_status", {
              account_id: chain.broker,
              approval_id: approval.approval_id,
            })
          ).order.state,
        { timeout: 15_000 },
      )
      .toBe("filled");
    await page.goto(`${chain.gateway.url}/orders`);
    expect(await page.getByText("filled", { exact: true }).isVisible()).toBe(true);
    await shoot("orders");
    expect(complaints).toEqual([]);
  }, 60_000);

  it("is sent by Approve and send, and the page says how far it is, first", async () => {
    const { agent, broker } = chain;
    const { preview } = await agent.call(
      "ibkr_order_preview",
      small(broker, { limit_price: phone.nextLimit(0.98) }),
    );
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: broker,
      preview_id: preview.preview_id,
      submit_on_approval: true,
      idempotency_key: "browser-send-1",
    });
    await page.goto(approval.approval_url);
    await page.getByText("Approve without sending").waitFor();
    expect(await page.getByRole("button", { name: "Approve this purchase" }).isVisible()).toBe(
      false,
    );
    await shoot("approve-and-send");
    const before = chain.posts();
    await page.getByRole("button", { name: "Approve and send" }).click();
    const result = page.locator("main section").first().getByRole("heading");
    await page.getByText(/^(Sent; the broker took it|Working at the broker)$/).waitFor();
    expect(await result.textContent()).toMatch(/^(Sent|Working)/);
    expect(chain.posts() - before).toBe(1);
    await shoot("sent");
    await expect
      .poll(
        async () => {
          await page.reload();
          return result.textContent();
        },
        { timeout: 20_000 },
      )
      .toBe("Working at the broker");
    const { order } = await agent.call("ibkr_approval_status", {
      account_id: broker,
      approval_id: approval.approval_id,
    });
    chain.sim.control.fillOrder(Number(order.orders[0].order_id));
    // The page follows the order by itself.
    await expect
      .poll(() => result.textContent(), { timeout: 20_000 })
      .toMatch(/^Filled: 1( at [\d.]+ USD)?$/);
    await shoot("filled");
    expect(complaints).toEqual([]);
  }, 60_000);

  it("can be approved without being sent, where the owner wants that", async () => {
    const { agent, broker } = chain;
    const { preview } = await agent.call(
      "ibkr_order_preview",
      small(broker, { limit_price: phone.nextLimit(0.98) }),
    );
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: broker,
      preview_id: preview.preview_id,
      submit_on_approval: true,
      idempotency_key: "browser-send-2",
    });
    await page.goto(approval.approval_url);
    const before = chain.posts();
    await page.getByText("Approve without sending").click();
    await page.getByRole("button", { name: "Approve this purchase" }).click();
    await page.getByText("You approved it; the agent can send it now").waitFor();
    expect(chain.posts()).toBe(before);
    expect(complaints).toEqual([]);
  }, 60_000);

  it("is denied, denied and frozen, lifted, gone, and not somebody else's, each said plainly", async () => {
    const first = await ask();
    await page.goto(first.approval_url);
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    await page.getByText("You said no").waitFor();
    await shoot("denied");

    const second = await ask();
    await page.goto(second.approval_url);
    await page.getByText("Freeze all trading", { exact: true }).click();
    await page.getByRole("button", { name: "Deny and freeze all trading" }).click();
    await page.getByText("You said no").waitFor();
    await page.goto(`${chain.gateway.url}/trading`);
    expect(await page.getByText("Engaged for every account").isVisible()).toBe(true);
    await shoot("trading-frozen");
    await page.getByRole("link", { name: "Lift" }).click();
    await page.getByText("What resumes for every account").waitFor();
    await shoot("lift");
    await page.getByRole("button", { name: "Lift it with your passkey" }).click();
    await page.getByText("Not engaged").waitFor();
    await shoot("trading");
    await page.goto(`${chain.gateway.url}/trading/policy?account=${chain.broker}`);
    await shoot("limits");

    const third = await ask();
    await chain.gateway.sql(
      "Account",
      chain.accountId,
      "UPDATE order_approvals SET expires_at = 1 WHERE approval_id = ?",
      third.approval_id,
    );
    await page.goto(third.approval_url);
    await page.getByText("Expired; nothing was sent").waitFor();
    await shoot("expired");

    await page.goto(`${chain.gateway.url}/approvals/ap_01J00000000000000000000000`);
    await page.getByText("There is no such request here").waitFor();
    await shoot("wrong-person");
    expect(complaints).toEqual([]);
  }, 60_000);

  it("shows every part of a bracket and of a group", async () => {
    // A question of the broker's would hold up whatever comes after it.
    chain.sim.control.change({ questions: { enabled: false } });
    const bracket = await ask(
      {
        limit_price: (market * 0.98).toFixed(2),
        take_profit_price: (market * 1.05).toFixed(2),
        stop_loss_price: (market * 0.95).toFixed(2),
      },
      "ibkr_bracket_order_preview",
    );
    await page.goto(bracket.approval_url);
    expect(await page.getByText("Take profit", { exact: true }).isVisible()).toBe(true);
    expect(await page.getByText("Stop loss", { exact: true }).isVisible()).toBe(true);
    await shoot("bracket");
    const { preview } = await chain.agent.call("ibkr_oca_order_preview", {
      account_id: chain.broker,
      conid: AAPL,
      side: "BUY",
      quantity: "1",
      orders: [
        { order_type: "LMT", limit_price: phone.nextLimit(0.98) },
        { order_type: "LMT", limit_price: (market * 0.97).toFixed(2) },
      ],
    });
    expect([preview.policy_failures, preview.pc_refusals]).toEqual([[], []]);
    expect(preview.order.structure).toBe("oca");
    const { approval } = await chain.agent.call("ibkr_approvals_create", {
      account_id: chain.broker,
      preview_id: preview.preview_id,
    });
    await page.goto(approval.approval_url);
    const together = page.getByText("2 orders: the first that fills ends the others");
    expect(await together.isVisible()).toBe(true);
    expect(await page.getByText("One of them", { exact: true }).count()).toBe(2);
    await shoot("group");
    await page.getByRole("button", { name: "Approve this purchase" }).click();
    await page.getByText("You approved it; the agent can send it now").waitFor();
    const before = chain.posts();
    const sent = await chain.agent.call("ibkr_paper_bracket_order_submit", {
      account_id: chain.broker,
      approval_id: approval.approval_id,
      idempotency_key: "browser-group-1",
    });
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });
    expect(chain.posts() - before).toBe(1);
    expect(sent.order.orders).toHaveLength(2);
    expect(complaints).toEqual([]);
  }, 60_000);

  it("takes a large one typed out, with the number at the PC; a wrong one is refused there and then", async () => {
    expect((await chain.limits({ "tiers.tier_two_above_notional": "1" })).status).toBe(303);
    const shown = async () => {
      const { output } = await chain.pc("requests", "--json");
      const { number } = JSON.parse(output.split("\n")[0] ?? "{}");
      return Number(number);
    };
    let approval = await ask();
    expect(approval.tier).toBe(2);
    const type = async (echo: number) => {
      await page.goto(approval.approval_url);
      await chain.gateway.sql(
        "Account",
        chain.accountId,
        "UPDATE order_approval_views SET first_seen_at = first_seen_at - 6000 WHERE approval_id = ?",
        approval.approval_id,
      );
      await page.reload();
      await page.getByLabel("Symbol").fill("AAPL");
      await page.getByLabel("Quantity").fill("1");
      await page.getByLabel("Number shown at your PC").fill(String(echo));
    };
    await type((await shown()) === 1_000 ? 1_001 : 1_000);
    await shoot("tier-two");
    await page.getByRole("button", { name: "Approve this purchase" }).click();
    await page.getByText("each order has one try").waitFor();
    await shoot("wrong-number");
    // The agent prepares it anew.
    approval = await ask();
    await type(await shown());
    await page.getByRole("button", { name: "Approve this purchase" }).click();
    await page.getByText("You approved it; the agent can send it now").waitFor();
    await chain.limits({ "tiers.tier_two_above_notional": "" });
    expect(complaints).toEqual([]);
  }, 60_000);

  it("warns of an entry without its stop, and cancels it from the alert", async () => {
    chain.sim.control.change({ brackets: { mode: "child-refused" } });
    const approval = await ask(
      {
        limit_price: (market * 0.97).toFixed(2),
        take_profit_price: (market * 1.05).toFixed(2),
        stop_loss_price: (market * 0.9).toFixed(2),
      },
      "ibkr_bracket_order_preview",
    );
    expect((await chain.approve(approval.approval_id)).status).toBe(303);
    const sent = await chain.agent.call("ibkr_paper_bracket_order_submit", {
      account_id: chain.broker,
      approval_id: approval.approval_id,
      idempotency_key: "browser-bracket-1",
    });
    await expect
      .poll(
        async () => {
          await page.goto(`${chain.gateway.url}/orders`);
          return page.getByText("A position may stand without protection").count();
        },
        { timeout: 15_000 },
      )
      .toBe(1);
    await shoot("alert");
    await page.getByRole("button", { name: /Cancel .* now/ }).click();
    const { order_id } = sent.order.orders.find(({ role }: { role: string }) => role === "entry");
    await expect
      .poll(() => chain.sim.control.orders().find(({ id }) => String(id) === order_id)?.status, {
        timeout: 15_000,
      })
      .toMatch(/Cancel/);
    chain.sim.control.change({ brackets: { mode: "ok" } });
    expect(complaints).toEqual([]);
  }, 60_000);

  it("stops one agent and lets it go again, and shows what closing everything would take", async () => {
    await page.goto(`${chain.gateway.url}/trading`);
    await page.getByText("Stop one account or one agent").click();
    await shoot("narrower");
    await page.getByRole("button", { name: "Stop Agent Test agent", exact: true }).click();
    await page.getByText("Engaged for the agent Test agent").waitFor();
    const { preview } = await chain.agent.call(
      "ibkr_order_preview",
      small(chain.broker, { limit_price: phone.nextLimit(0.98) }),
    );
    expect(preview.policy_failures.map(({ code }: { code: string }) => code)).toContain(
      "KILL_SWITCH_CLOSED",
    );
    await page.getByRole("link", { name: "Lift" }).click();
    await page.getByRole("button", { name: "Lift it with your passkey" }).click();
    await page.getByText("Not engaged").waitFor();
    const posts = chain.posts();
    await page.getByRole("link", { name: "What closing every position would take" }).click();
    await page.getByRole("heading", { name: "What closing every position would take" }).waitFor();
    expect(await page.getByText(/^Sell \d+ AAPL$/).isVisible()).toBe(true);
    await shoot("flatten");
    expect(chain.posts()).toBe(posts);
    expect(complaints).toEqual([]);
  }, 60_000);

  it("says when the price has moved, before anybody can approve", async () => {
    const approval = await ask();
    const moved = market * 1.05;
    chain.sim.control.pin(AAPL, { bid: moved, ask: moved + 0.02, last: moved });
    await expect
      .poll(
        async () => {
          await page.goto(approval.approval_url);
          return page.getByText("The price has moved against this order").count();
        },
        { timeout: 15_000 },
      )
      .toBe(1);
    expect(await page.getByRole("button", { name: "Approve this purchase" }).count()).toBe(0);
    await shoot("price-moved");
    chain.sim.control.pin(AAPL, undefined);
    expect(complaints).toEqual([]);
  }, 60_000);

  it("inside a mandate goes without a tap: made, signed, confirmed at the PC, used, revoked", async () => {
    const { gateway, agent, broker } = chain;
    await page.goto(`${gateway.url}/mandates`);
    await page.getByText("Every order needs your tap").waitFor();
    await page.getByRole("link", { name: "New mandate" }).click();
    await shoot("mandate-form");
    await page.getByLabel(broker, { exact: false }).check();
    await page.getByLabel("Test agent").check();
    await page.getByLabel("Buy", { exact: true }).check();
    await page.getByLabel(`AAPL (${AAPL})`).check();
    await page.getByLabel("Value of one order, at most").fill("1000");
    await page.getByLabel("Units of one order, at most").fill("2");
    await page.getByLabel("Value in 24 hours, at most").fill("500");
    await page.getByLabel("Orders in 24 hours, at most").fill("3");
    await page.getByLabel("For how many days").fill("7");
    await page.getByRole("button", { name: "Review it" }).click();
    // What was filled in is kept, and what is wrong is named.
    await page.getByText("A day's value is at least that of one order").waitFor();
    await shoot("mandate-problem");
    await page.getByLabel("Value in 24 hours, at most").fill("3000");
    await page.getByRole("button", { name: "Review it" }).click();
    await page.getByRole("heading", { name: "Sign these bounds?" }).waitFor();
    await shoot("mandate-review");
    await page.getByRole("button", { name: "Sign it with your passkey" }).click();
    await page.getByText("Waits for the number at your PC").waitFor();
    await shoot("mandate-number");

    const mandateId = page.url().split("/").at(-1) ?? "";
    const told = await chain.pc("mandates", "--json");
    const { number } = JSON.parse(
      told.output.split("\n").find((line) => line.startsWith("{")) ?? "",
    );
    await page.getByLabel("Number shown at your PC").fill(String(number));
    await page.getByRole("button", { name: "Put it in force" }).click();
    await page.getByText("In force", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Let mandates in" }).click();
    await shoot("mandate-limits");
    await page.getByRole("button", { name: "Let them in with your passkey" }).click();
    await page.getByText("let mandates in.", { exact: false }).waitFor();

    const approval = await ask();
    expect(approval).toMatchObject({ state: "approved", tier: 0, mandate_id: mandateId });
    await page.goto(approval.approval_url);
    await page.getByText("Inside your mandate; the agent can send it now").waitFor();
    await shoot("mandate-approval");
    const sent = await agent.call("ibkr_paper_order_submit", {
      account_id: broker,
      approval_id: approval.approval_id,
      idempotency_key: "browser-mandate-1",
    });
    expect(sent).toMatchObject({ outcome: "answered", refusals: [] });

    await page.goto(`${gateway.url}/mandates`);
    await page.getByText("1 of 3 orders", { exact: false }).waitFor();
    await shoot("mandates");
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByText("Every order needs your tap").waitFor();
    await page.getByRole("link", { name: "Buy, at most 3 orders a day" }).click();
    await page.getByText("No order passes under it any more").waitFor();
    await shoot("mandate-revoked");
    expect(complaints).toEqual([]);
  }, 60_000);
});
