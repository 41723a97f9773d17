import type { BrowserContext, Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHROMIUM, launchChromium, NO_CHROMIUM } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/** Whatever a page gives to be run or handed on is copied by one button, and says that it was. */
if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("the copy buttons", () => {
  let gateway: Gateway;
  let chromium: Chromium;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    gateway = await startGateway({
      rateLimits: { SIGN_IN_LIMIT: 1000 },
      vars: { SIGN_UP: "invitation" },
    });
    chromium = await launchChromium();
    context = await chromium.newContext({ viewport: { width: 390, height: 844 } });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: gateway.url });
    page = await context.newPage();
    await page.goto(`${gateway.url}/sign-in`);
    await page.getByLabel("Owner token").fill(gateway.secrets.OWNER_TOKEN);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(`${gateway.url}/`);
  });
  afterAll(async () => {
    await chromium?.close();
    await gateway?.close();
  });

  const clipboard = () => page.evaluate("navigator.clipboard.readText()");
  const copyButton = (words: string) =>
    page.getByRole("button", { name: `Copy: ${words}`, exact: true });

  it("puts the very command on the clipboard, by keyboard too, and says so aloud", async () => {
    await page.goto(`${gateway.url}/trading`);
    await page.getByText("How to switch them on at the PC").click();
    const commands = [
      "npm run sidecar -- policy live on",
      `npm run sidecar -- pair ${gateway.url} --replace`,
    ];
    for (const words of commands) {
      const button = copyButton(words);
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
      expect(await page.getByRole("status").allTextContents()).toContain(`Copied: ${words}`);
      expect(await clipboard()).toBe(words);
      // It is a copy button again afterwards.
      await button.waitFor();
      expect(await button.textContent()).toBe("Copy");
    }
  });

  it("copies an invitation, which is shown only once", async () => {
    await page.goto(`${gateway.url}/invitations`);
    await page.getByLabel("For whom").fill("Ben");
    await page.getByRole("button", { name: "Make an invitation" }).click();
    const link = (await page.locator("code.copy").textContent()) ?? "";
    expect(link).toContain(`${gateway.url}/sign-up?invitation=`);
    await copyButton(link).click();
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
    expect(await clipboard()).toBe(link);
  });

  it.each(["/", "/pair", "/sidecars", "/clients", "/trading", "/sign-in/recover"])(
    "stands beside every command and address of %s, large enough to tap",
    async (path) => {
      const complaints: string[] = [];
      const listen = (message: { type(): string; text(): string }) => {
        if (message.type() === "error") complaints.push(message.text());
      };
      page.on("console", listen);
      await page.goto(`${gateway.url}${path}`);
      await page.evaluate(
        "for (const one of document.querySelectorAll('details')) one.open = true",
      );
      const found = await page.locator("code").evaluateAll((codes) =>
        codes
          .map((code) => ({
            words: (code.textContent ?? "").trim(),
            beside: code.nextElementSibling?.getAttribute("aria-label") ?? null,
            height: code.nextElementSibling?.getBoundingClientRect().height ?? 0,
          }))
          .filter(({ words }) => /^(npm|npx|https?:)\s?/.test(words)),
      );
      expect(found.length).toBeGreaterThan(0);
      for (const { words, beside, height } of found) {
        expect(beside).toBe(`Copy: ${words}`);
        expect(height).toBeGreaterThanOrEqual(40);
      }
      // Each command that the text names is such a one.
      const text = (await page.getByRole("main").textContent()) ?? "";
      expect(text.match(/npm run /g)?.length ?? 0).toBe(
        found.filter(({ words }) => words.startsWith("npm run ")).length,
      );
      page.off("console", listen);
      // The policy forbids nothing of it.
      expect(complaints).toEqual([]);
    },
  );

  it("stands beside a command in the middle of a sentence", async () => {
    const db = await gateway.d1();
    const account = await db
      .prepare("SELECT id FROM accounts WHERE role = 'operator'")
      .first<string>("id");
    await gateway.sql(
      "Account",
      account ?? "",
      `INSERT INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
       VALUES ('sc_desk', 'sc_desk', 'desk', '0.1.0', 'abandon ability able about above absent', '[]', 'active', 1)`,
    );
    await page.goto(`${gateway.url}/`);
    const sentence = page.getByText("Check that the PC is on and online");
    expect(await sentence.textContent()).not.toContain("`");
    await copyButton("npm run sidecar -- run").click();
    await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
    expect(await clipboard()).toBe("npm run sidecar -- run");
  });
});
