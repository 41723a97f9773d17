import { mkdir } from "node:fs/promises";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { approverWords } from "../../sidecar/src/orders/approver-words.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";

/** An order as its owner lives it, on a phone: asked, read, approved, denied, frozen, expired. */
const ARTIFACTS = fromRoot("artifacts/console");
const PHONE = { width: 390, height: 844 };

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("an order in a real browser", () => {
  let chain: OrderChain;
  let chromium: Chromium;
  let page: Page;
  let market: number;
  let serial = 0;
  const complaints: string[] = [];
  const shoot = async (name: string) => {
    await page.screenshot({ path: `${ARTIFACTS}/orders-${name}-phone.png`, fullPage: true });
    const overflow = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect([name, overflow]).toEqual([name, 0]);
  };
  const price = () => {
    serial += 1;
    return (Math.round(market * 0.98 * 100) / 100 - serial / 100).toFixed(2);
  };
  const ask = async (order: Record<string, unknown> = {}) => {
    const { agent, broker } = chain;
    const { preview } = await agent.call(
      "ibkr_order_preview",
      small(broker, { limit_price: price(), ...order }),
    );
    expect(preview).toMatchObject({ may_be_asked: true });
    const { approval } = await agent.call("ibkr_approvals_create", {
      account_id: broker,
      preview_id: preview.preview_id,
    });
    return approval;
  };

  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true });
    chain = await startOrderChain();
    chromium = await launchChromium();
    const context = await chromium.newContext({ viewport: PHONE });
    ({ page } = await pageWithPasskeys(context));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    // The owner's session in this browser, and a passkey of its own that the PC accepts too.
    const session = chain.owner.cookie("ibkr-owner") ?? "";
    await context.addCookies([
      { name: "ibkr-owner", value: session, url: chain.gateway.url, httpOnly: true },
    ]);
    await page.goto(`${chain.gateway.url}/security/passkeys/new`);
    await page.getByLabel("Name").fill("This phone");
    await page.getByRole("button", { name: "Make the passkey" }).click();
    await page.waitForURL(`${chain.gateway.url}/security`);
    const keys = await chain.gateway.sql<{ credential_id: string; public_key: string }>(
      "Account",
      chain.accountId,
      "SELECT credential_id, public_key FROM passkeys WHERE name = 'This phone'",
    );
    const [made] = keys;
    if (made === undefined) throw new Error("no passkey was made");
    const added = await chain.pc(
      ...["approvers", "add", "--credential", made.credential_id, "--public-key", made.public_key],
      "--accept-approver",
      approverWords(new Uint8Array(Buffer.from(made.public_key, "base64url"))),
    );
    expect(added.code).toBe(0);
    const probe = await chain.agent.call(
      "ibkr_order_preview",
      small(chain.broker, { limit_price: "1" }),
    );
    const { bid, last, prior_close } = probe.preview.market;
    market = Number(bid ?? last ?? prior_close);
  }, 240_000);
  afterAll(async () => {
    await chromium?.close();
    await chain?.close();
  });

  it("is read, approved with the passkey, sent, filled, and read by the client", async () => {
    const approval = await ask();
    await page.goto(`${chain.gateway.url}/approvals`);
    await shoot("approvals");
    await page.goto(approval.approval_url);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Buy 1 AAPL");
    expect(await page.getByText("Paper account, no real money").isVisible()).toBe(true);
    expect(await page.getByText("Test agent").isVisible()).toBe(true);
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

  it("is denied, denied and frozen, lifted, gone, and not somebody else's, each said plainly", async () => {
    const first = await ask();
    await page.goto(first.approval_url);
    await page.getByRole("button", { name: "Deny", exact: true }).click();
    await page.getByText("You said no").waitFor();
    await shoot("denied");

    const second = await ask();
    await page.goto(second.approval_url);
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
});
