import { mkdir } from "node:fs/promises";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { Browser, connect, registerClient, signIn } from "../support/oauth-client.ts";

const ARTIFACTS = fromRoot("artifacts/console");
const SIZES = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1280, height: 900 },
} as const;
const CALLBACK = "http://localhost:3118/callback";

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("the pages in a real browser", () => {
  let gateway: Gateway;
  let chromium: Chromium;
  beforeAll(async () => {
    await mkdir(ARTIFACTS, { recursive: true });
    gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
    chromium = await launchChromium();
    // From now on there is an operator, whatever test runs alone.
    await ownerOf(gateway);
  });
  afterAll(async () => {
    await chromium?.close();
    await gateway?.close();
  });

  /** A page on which anything the policy blocks, or any error at all, fails the test. */
  function watch(page: Page): string[] {
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) {
        complaints.push(message.text());
      }
    });
    return complaints;
  }

  async function authorizePath(): Promise<string> {
    const client = await registerClient(gateway.url, {
      client_name: "Claude Code",
      redirect_uris: [CALLBACK],
    });
    const query = new URLSearchParams({
      response_type: "code",
      client_id: client.client_id,
      redirect_uri: CALLBACK,
      scope: "ibkr:accounts:read ibkr:positions:read ibkr:orders:preview ibkr:orders:live:submit",
      state: "s",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
    });
    return `${gateway.url}/authorize?${query}`;
  }

  it("enrols a passkey, signs in with it, consents and removes the client", async () => {
    const context = await chromium.newContext({ viewport: SIZES.phone });
    const { page, verifies } = await pageWithPasskeys(context);
    const complaints = watch(page);

    await page.goto(`${gateway.url}/`);
    await page.getByLabel("Owner token").fill(gateway.secrets.OWNER_TOKEN);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(`${gateway.url}/`);

    await page.goto(`${gateway.url}/security`);
    await page.getByRole("link", { name: "Add a passkey" }).click();
    await page.getByLabel("Name").fill("Test phone");
    await page.getByRole("button", { name: "Make the passkey" }).click();
    await page.waitForURL(`${gateway.url}/security`);
    expect(await page.getByText("Test phone").isVisible()).toBe(true);
    expect(await page.getByText("Does not sign in").isVisible()).toBe(true);
    await page.screenshot({ path: `${ARTIFACTS}/security-phone.png`, fullPage: true });

    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${gateway.url}/sign-in`);
    expect(await page.getByLabel("Owner token").count()).toBe(0);
    await page.screenshot({ path: `${ARTIFACTS}/sign-in-passkey-phone.png`, fullPage: true });

    // Somebody who cannot unlock the authenticator does not get in.
    await verifies(false);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.getByText("No passkey was used.").waitFor();
    await verifies(true);
    await page.getByRole("button", { name: "Sign in with a passkey" }).click();
    await page.waitForURL(`${gateway.url}/`);

    await page.goto(await authorizePath());
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toContain("localhost");
    expect(await page.getByRole("radio", { name: /^Read Sees/ }).isChecked()).toBe(true);
    // The live account waits for a PC that was paired for it.
    expect(await page.getByRole("radio", { name: /\(live\)/ }).isEnabled()).toBe(false);
    await page.route("http://localhost:3118/**", (route) => route.fulfill({ body: "thank you" }));
    await page.getByRole("button", { name: "Allow", exact: true }).click();
    await page.waitForURL(/localhost:3118/);
    const answer = new URL(page.url()).searchParams;
    expect(answer.get("iss")).toBe(gateway.url);
    expect(answer.get("code")).not.toBeNull();

    await page.goto(`${gateway.url}/clients`);
    expect(await page.getByRole("heading", { name: "Claude Code" }).isVisible()).toBe(true);
    await page.screenshot({ path: `${ARTIFACTS}/clients-phone.png`, fullPage: true });
    await page.getByRole("button", { name: /^Remove(?! all)/ }).click();
    await page.getByText("No client is connected").waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  /** A PC that is paired, one that was, a client with an hour to wait, and somebody who asks to get in. */
  async function furnish(): Promise<void> {
    const owner = await ownerWithToken();
    const { clientId } = await connect(owner, {
      scope: "ibkr:accounts:read ibkr:positions:read ibkr:orders:preview",
      clientName: "Claude Code",
    });
    expect(clientId).not.toBe("");
    const account = accountOf(owner);
    const now = Date.now();
    for (const [id, machine, state] of [
      ["sc_desk", "desk-in-the-study.home.example", "active"],
      ["sc_old", "old laptop", "revoked"],
    ]) {
      await gateway.sql(
        "Account",
        account,
        `INSERT INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at, last_seen_at)
         VALUES (?1, ?1, ?2, '0.1.0', 'abandon ability able about above absent', '["broker.read","events","orders.paper"]', ?3, ?4, ?4)`,
        id ?? "",
        machine ?? "",
        state ?? "",
        now - 3_600_000,
      );
    }
    await gateway.sql(
      "Account",
      account,
      "INSERT OR REPLACE INTO owner_settings (name, value) VALUES ('recovery:sc_desk', ?)",
      JSON.stringify({ askedAt: now - 7_200_000, readyAt: now + 79_200_000 }),
    );
  }

  /** Signs in by the token, which the owner lets sign in here beside the passkey. */
  async function ownerWithToken() {
    const browser = new Browser(gateway.url);
    const db = await gateway.d1();
    const account = await db
      .prepare("SELECT id FROM accounts WHERE role = 'operator'")
      .first<string>("id");
    await gateway.sql(
      "Account",
      account ?? "",
      "INSERT OR REPLACE INTO owner_settings (name, value) VALUES ('token_sign_in', 'on')",
    );
    await signIn(browser, gateway.secrets.OWNER_TOKEN);
    return browser;
  }

  it("looks well on a phone and on a desktop, by day and by night", async () => {
    await furnish();
    for (const [size, viewport] of Object.entries(SIZES)) {
      for (const colorScheme of ["light", "dark"] as const) {
        const context = await chromium.newContext({ viewport, colorScheme });
        const { page } = await pageWithPasskeys(context);
        const complaints = watch(page);
        const shoot = (name: string) =>
          page.screenshot({
            path: `${ARTIFACTS}/${name}-${size}-${colorScheme}.png`,
            fullPage: true,
          });
        await page.goto(`${gateway.url}/sign-in/recover`);
        await shoot("recover");
        await page.goto(`${gateway.url}/sign-in?next=%2Fsecurity`);
        await shoot("sign-in");
        await page.getByLabel("Owner token").fill(gateway.secrets.OWNER_TOKEN);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        await page.waitForURL(`${gateway.url}/security`);
        for (const path of ["/", "/sidecars", "/pair", "/clients", "/audit", "/security"]) {
          await page.goto(`${gateway.url}${path}`);
          // With everything open that can be opened: it has to fit as well.
          await page.evaluate(
            "for (const one of document.querySelectorAll('details')) one.open = true",
          );
          await shoot(path === "/" ? "overview" : path.slice(1));
          // Nothing sticks out sideways.
          const overflow = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          expect([path, size, overflow]).toEqual([path, size, 0]);
        }
        // As if a passkey had confirmed it: what is asked for goes beyond reading.
        await gateway.sql(
          "Account",
          accountOf(await ownerWithToken()),
          "UPDATE owner_sessions SET confirmed_at = ?",
          Date.now(),
        );
        await page.goto(await authorizePath());
        expect(await page.getByRole("button", { name: "Allow", exact: true }).count()).toBe(1);
        await shoot("consent");
        expect(complaints).toEqual([]);
        await context.close();
      }
    }
    // Without a PC the owner token alone is the way back after a day, which the next test takes.
    const account = accountOf(await ownerWithToken());
    await gateway.sql("Account", account, "UPDATE sidecars SET state = 'revoked'");
    const now = Date.now();
    await gateway.sql(
      "Account",
      account,
      "INSERT OR REPLACE INTO owner_settings (name, value) VALUES ('recovery:without-pc', ?)",
      JSON.stringify({ askedAt: now - 90_000_000, readyAt: now - 3_600_000 }),
    );
  }, 60_000);

  it("works by keyboard alone, and says what it is to a screen reader", async () => {
    const context = await chromium.newContext({ viewport: SIZES.desktop });
    const { page } = await pageWithPasskeys(context);
    await page.goto(`${gateway.url}/sign-in/recover`);
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the content" });
    expect(await page.evaluate("document.activeElement?.className")).toBe("skip");
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement?.id")).toBe("main");
    await page.keyboard.press("Tab");
    // The command to run at the PC comes first, with its button.
    const focused = "document.activeElement?.getAttribute('aria-label')";
    expect(await page.evaluate(focused)).toBe("Copy: npm run sidecar -- recover");
    await page.keyboard.press("Tab");
    await page.keyboard.type(gateway.secrets.OWNER_TOKEN);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${gateway.url}/security`);

    for (const path of ["/", "/pair", "/clients", "/audit", "/security"]) {
      await page.goto(`${gateway.url}${path}`);
      const problems = await page.evaluate(`(() => {
        const found = [];
        if (document.documentElement.lang !== "en") found.push("no language");
        if (document.querySelectorAll("h1").length !== 1) found.push("not one h1");
        if (document.querySelectorAll("main").length !== 1) found.push("not one main");
        for (const input of document.querySelectorAll("input:not([type=hidden]):not([hidden])")) {
          if (input.labels.length === 0) found.push("no label: " + input.name);
        }
        for (const target of document.querySelectorAll("button, .button, nav a")) {
          const box = target.getBoundingClientRect();
          if (box.height > 0 && box.height < 40) found.push("small target: " + target.textContent);
        }
        for (const nav of document.querySelectorAll("nav")) {
          if (!nav.getAttribute("aria-label")) found.push("nameless nav");
        }
        return found;
      })()`);
      expect([path, problems]).toEqual([path, []]);
    }
    expect(await page.locator('nav a[aria-current="page"]').textContent()).toBe("Security");
    await context.close();
  });
});
