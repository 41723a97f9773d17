import { mkdir } from "node:fs/promises";
import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import { type PolicyDocument, policyHash } from "@ibkr-edge-gateway/policy/document.ts";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { violationsOn } from "../support/axe.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/** The page on which an owner sets limits, as somebody uses it who never read a manual. */
const ARTIFACTS = fromRoot("artifacts/console");
const PHONE = { width: 390, height: 844 };
/** All sizes and both schemes, for looking at: SHOTS=all. */
const LOOKS = [
  ["phone", PHONE, "light"],
  ["phone-dark", PHONE, "dark"],
  ["desk", { width: 1280, height: 900 }, "light"],
  ["desk-dark", { width: 1280, height: 900 }, "dark"],
] as const;

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("the limits in a real browser", () => {
  let gateway: Gateway;
  let chromium: Chromium;
  let session: string;

  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true });
    gateway = await startGateway();
    chromium = await launchChromium();
    const owner = await ownerOf(gateway);
    session = owner.cookie("ibkr-owner") ?? "";
    const paper = defaultPolicy("DU1234567", "paper");
    const own = defaultPolicy("DU7654321", "paper");
    await give(accountOf(owner), paper);
    await give(accountOf(owner), { ...own, order: { ...own.order, max_notional: "750" } });
  }, 60_000);
  afterAll(async () => {
    await chromium?.close();
    await gateway?.close();
  });

  const give = (account: string, document: PolicyDocument) =>
    gateway.sql(
      "Account",
      account,
      `INSERT INTO order_policies (broker_account, version, hash, document, made_at, effective_at)
       VALUES (?, 1, ?, ?, 1, 1)`,
      ...[document.account_id, policyHash(document), JSON.stringify(document)],
    );

  async function limitsOf(account: string, more: { javaScriptEnabled?: boolean } = {}) {
    const context = await chromium.newContext({ viewport: PHONE, ...more });
    await context.addCookies([
      { name: "ibkr-owner", value: session, url: gateway.url, httpOnly: true },
    ]);
    const page = await context.newPage();
    await page.goto(`${gateway.url}/trading/policy?account=${account}`);
    return page;
  }

  async function look(page: Page, name: string): Promise<void> {
    for (const [size, viewport, colorScheme] of process.env.SHOTS === "all"
      ? LOOKS
      : [LOOKS[0], LOOKS[3]]) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: `${ARTIFACTS}/limits-${name}-${size}.png`, fullPage: true });
      expect([name, size, await violationsOn(page)]).toEqual([name, size, []]);
      const overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      expect([name, size, overflow]).toEqual([name, size, 0]);
    }
    await page.setViewportSize(PHONE);
  }

  const openAll = (page: Page) => page.getByText(/^(All|The other) \d+ limits$/).click();

  it("says in few words what each preset lets pass, and which is in force", async () => {
    const page = await limitsOf("DU1234567");
    const words = String(await page.evaluate("document.querySelector('main').innerText"))
      .split(/\s+/)
      .filter(Boolean).length;
    console.log(`the limits have ${words} words before anything is opened`);
    expect(words).toBeLessThanOrEqual(150);
    const card = (name: string) =>
      page.locator("section").filter({ has: page.getByRole("heading", { name, exact: true }) });
    expect(await card("Usual").getByText("In force").count()).toBe(1);
    expect(await card("Usual").textContent()).toMatch(/40 for 2,000[\s\S]*41 for 2,050/);
    expect(await card("Careful").textContent()).toMatch(/20 for 1,000[\s\S]*21 for 1,050/);
    await look(page, "usual");
    await page.getByRole("link", { name: "Use Careful" }).click();
    await page.getByRole("heading", { name: "What changes" }).waitFor();
    expect(await page.getByText("2000 → 1000").first().isVisible()).toBe(true);
    expect(await page.getByRole("button", { name: "Tighten now" }).isVisible()).toBe(true);
    await look(page, "careful-review");
    await page.context().close();
  });

  it("lists what differs from the preset, and folds everything else", async () => {
    const page = await limitsOf("DU7654321");
    expect(await page.locator("section").last().textContent()).toMatch(
      /In force[\s\S]*15 for 750[\s\S]*16 for 800/,
    );
    const shown = page.getByRole("textbox");
    expect(await shown.count()).toBe(1);
    expect(await page.getByLabel("Value of one order").inputValue()).toBe("750");
    await look(page, "own");
    await page.context().close();
  });

  it("finds a limit by its words", async () => {
    const page = await limitsOf("DU1234567");
    await openAll(page);
    await page.getByLabel("Find a limit").fill("loss day");
    await page.getByText("2 found").waitFor();
    expect(await page.getByLabel("Loss of a day that stops trading").isVisible()).toBe(true);
    expect(await page.getByLabel("Value of one order").isVisible()).toBe(false);
    await look(page, "found");
    await page.getByLabel("Find a limit").fill("");
    await page.locator("summary", { hasText: "One order" }).click();
    expect(await page.getByLabel("Value of one order").isVisible()).toBe(true);
    await page.context().close();
  });

  it.each([true, false])(
    "keeps what was typed and says what is wrong at the field (script: %s)",
    async (javaScriptEnabled) => {
      const page = await limitsOf("DU1234567", { javaScriptEnabled });
      await openAll(page);
      expect(await page.getByLabel("Find a limit").isVisible()).toBe(javaScriptEnabled);
      await page.locator("summary", { hasText: "One order" }).click();
      await page.locator("summary", { hasText: "Losses and repetition" }).click();
      await page.getByLabel("Value of one order").fill("2,5oo");
      await page.getByLabel("Quantity of one order").fill("1 500");
      await page.getByLabel("Loss of a day that stops trading").fill("a lot");
      await page.getByLabel("Pay from cash only").check();
      await page.getByRole("button", { name: "See what changes" }).click();

      await page.getByRole("alert").waitFor();
      const wrong = page.getByLabel("Value of one order");
      expect(await wrong.inputValue()).toBe("2,5oo");
      expect(await wrong.getAttribute("aria-invalid")).toBe("true");
      const told = await wrong.getAttribute("aria-describedby");
      expect(await page.locator(`[id="${told}"]`).textContent()).toContain("not a number");
      expect(await page.evaluate("document.activeElement?.name")).toBe("order.max_notional");
      expect(await page.getByLabel("Quantity of one order").inputValue()).toBe("1 500");
      expect(await page.getByLabel("Pay from cash only").isChecked()).toBe(true);
      const other = page.getByLabel("Loss of a day that stops trading");
      expect(await other.isVisible()).toBe(true);
      expect(await other.inputValue()).toBe("a lot");
      if (javaScriptEnabled) await look(page, "wrong");

      await wrong.fill("2,500");
      await other.fill("2 500");
      await page.getByRole("button", { name: "See what changes" }).click();
      await page.getByRole("heading", { name: "What changes" }).waitFor();
      const rows = await page.locator("main li").allInnerTexts();
      expect(rows.map((row) => row.replace(/\s+/g, " "))).toEqual([
        "Value of one order looser 2000 → 2500",
        "Quantity of one order looser 100 → 1500",
        "Pay from cash only tighter no → yes",
        "Loss of a day that stops trading looser 2000 → 2500",
      ]);
      await page.context().close();
    },
  );
});
