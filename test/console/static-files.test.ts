import type { BrowserContext, Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { ownerOf } from "../support/access.ts";
import { violationsOn } from "../support/axe.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/** The console as something installed: what it looks like offline, and what stands under fixed addresses. */
const ARTIFACTS = fromRoot("artifacts/console");
const PHONE = { width: 390, height: 844 };
const CONTACT = "mailto:security@example.com";

/** Between them these have every kind of part that a page is made of. */
const IN_THE_DARK_TOO = new Set(["/", "/trading", "/security", "/offline"]);

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null)("the console, installed", () => {
  let gateway: Gateway;
  let chromium: Chromium;
  let context: BrowserContext;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    gateway = await startGateway({ vars: { SECURITY_CONTACT: CONTACT } });
    chromium = await launchChromium();
    const owner = await ownerOf(gateway);
    context = await chromium.newContext({ viewport: PHONE });
    await context.addCookies([
      { name: "ibkr-owner", value: owner.cookie("ibkr-owner") ?? "", url: gateway.url },
    ]);
    page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d|net::ERR/.test(message.text())) {
        complaints.push(message.text());
      }
    });
  }, 60_000);
  afterAll(async () => {
    await chromium?.close();
    await gateway?.close();
  });

  it("has nothing that axe objects to on any page before there is anything to show", async () => {
    for (const path of [
      ...["/", "/approvals", "/orders", "/trading", "/mandates", "/mandates/new", "/sidecars"],
      ...["/clients", "/audit", "/security", "/security/delete", "/security/passkeys/new"],
      ...["/pair", "/confirm", "/flatten", "/no-such-page", "/offline"],
    ]) {
      for (const colorScheme of IN_THE_DARK_TOO.has(path)
        ? (["light", "dark"] as const)
        : (["light"] as const)) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.goto(`${gateway.url}${path}`);
        expect([path, colorScheme, await violationsOn(page)]).toEqual([path, colorScheme, []]);
      }
    }
    const stranger = await chromium.newContext({ viewport: PHONE });
    const door = await stranger.newPage();
    for (const path of ["/sign-in", "/sign-in/recover", "/sign-up", "/mcp"]) {
      await door.goto(`${gateway.url}${path}`);
      expect([path, await violationsOn(door)]).toEqual([path, []]);
    }
    await stranger.close();
    expect(complaints).toEqual([]);
  }, 60_000);

  it("can be installed, with its icons", async () => {
    await page.goto(`${gateway.url}/`);
    const session = await context.newCDPSession(page);
    const { data, errors } = await session.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    // A private window, which a test's is, installs nothing.
    expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(["in-incognito"]);
    const icons: { src: string; type: string }[] = JSON.parse(data ?? "").icons;
    const pictures = [...icons, { src: "/apple-touch-icon.png", type: "image/png" }];
    for (const { src, type } of [...pictures, { src: "/favicon.ico", type: "image/png" }]) {
      const answer = await fetch(new URL(src, gateway.url));
      expect([src, answer.status, answer.headers.get("Content-Type")]).toEqual([src, 200, type]);
      const width = await page.evaluate(
        `new Promise((done) => { const one = new Image(); one.onload = () => done(one.width); one.onerror = () => done(0); one.src = ${JSON.stringify(src)}; })`,
      );
      expect([src, Number(width) > 0]).toEqual([src, true]);
    }
  });

  it("says offline that nothing was approved and how to stop, and keeps nothing of an account", async () => {
    await page.goto(`${gateway.url}/trading`);
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    await expect
      .poll(() => page.evaluate("navigator.serviceWorker.controller !== null"))
      .toBe(true);
    for (const path of ["/orders", "/approvals"]) await page.goto(`${gateway.url}${path}`);
    await context.setOffline(true);
    await page.goto(`${gateway.url}/approvals/ap_1`);
    await page.getByText("Nothing was approved by this page.").waitFor();
    expect(await page.locator("main").textContent()).toContain("sidecar -- kill");
    const ground = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(ground).not.toBe("rgba(0, 0, 0, 0)");
    await page.screenshot({ path: `${ARTIFACTS}/offline-phone.png` });
    const kept = await page.evaluate(
      "caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys())))).then((all) => all.flat().map(({ url }) => new URL(url).pathname))",
    );
    expect(kept).toEqual([
      "/offline",
      expect.stringMatching(/^\/assets\/style-/),
      expect.stringMatching(/^\/assets\/icon-/),
    ]);
    await context.setOffline(false);
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Sign out" }).waitFor();
    expect(complaints).toEqual([]);
  });

  it("explains the agents' address to whoever opens it, and stays as it is for agents", async () => {
    const tab = await context.newPage();
    const answer = await tab.goto(`${gateway.url}/mcp`);
    expect(answer?.status()).toBe(401);
    expect(await tab.getByRole("heading", { level: 1 }).textContent()).toBe(
      "This address is for AI agents",
    );
    expect(await tab.getByText(`${gateway.url}/mcp`).isVisible()).toBe(true);
    await tab.screenshot({ path: `${ARTIFACTS}/mcp-phone.png` });
    await tab.close();
    const agent = await fetch(`${gateway.url}/mcp`, { headers: { Accept: "text/event-stream" } });
    expect(agent.status).toBe(401);
    expect(agent.headers.get("Content-Type") ?? "").not.toContain("html");
    expect(agent.headers.get("WWW-Authenticate")).toContain("resource_metadata");
  });

  it("says which build it is, and whom to write to about a weakness", async () => {
    await page.goto(`${gateway.url}/`);
    expect(await page.locator("footer").textContent()).toMatch(/Build \S+/);
    const answer = await fetch(`${gateway.url}/.well-known/security.txt`);
    const lines = (await answer.text()).trim().split("\n");
    expect(answer.headers.get("Content-Type")).toContain("text/plain");
    expect(lines).toContain(`Contact: ${CONTACT}`);
    const expires = Date.parse(lines.find((line) => line.startsWith("Expires: "))?.slice(9) ?? "");
    expect(expires).toBeGreaterThan(Date.now());
  });

  it("asks nothing any more once its owner is signed out", async () => {
    const tab = await context.newPage();
    await tab.clock.install();
    let sockets = 0;
    tab.on("websocket", () => {
      sockets += 1;
    });
    await tab.goto(`${gateway.url}/`);
    await expect.poll(() => sockets).toBe(1);
    await page.goto(`${gateway.url}/`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${gateway.url}/sign-in`);
    await expect
      .poll(async () => {
        await tab.clock.fastForward(60_000);
        return tab.locator("[data-connection]").textContent();
      })
      .toContain("You are signed out");
    const before = sockets;
    const reads: string[] = [];
    tab.on("request", (request) => reads.push(new URL(request.url()).pathname));
    for (let minutes = 0; minutes < 20; minutes += 1) await tab.clock.fastForward(60_000);
    await tab.evaluate("fetch('/healthz')");
    expect([reads, sockets]).toEqual([["/healthz"], before]);
    await tab.close();
  });
});
