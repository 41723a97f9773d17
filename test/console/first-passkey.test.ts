import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM, pageWithPasskeys } from "../support/chromium.ts";
import { atTerminal, type Terminal } from "../support/terminal.ts";

/** `npm start` in a terminal, its owner at a real browser: the first passkey, end to end. */
const START_MS = 90_000;

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null && process.platform === "linux")("the first passkey", () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let started: Terminal;
  let url: string;
  let chromium: Chromium;
  let page: Page;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ibkr-first-passkey-"));
    env = { ...process.env, DATA_DIR: join(folder, "data"), PORT: "0", SIMULATOR_PORT: "0" };
    started = atTerminal([process.execPath, fromRoot("scripts/run.mjs"), "start"], env);
    await started.until("Owner sign-in token: ", START_MS);
    url = /MCP endpoint: (\S+)\/mcp/.exec(started.said())?.[1] ?? "";
    chromium = await launchChromium();
    const context = await chromium.newContext({ viewport: { width: 390, height: 844 } });
    ({ page } = await pageWithPasskeys(context));
    const token = /Owner sign-in token: (\S+)/.exec(started.said())?.[1] ?? "";
    await page.goto(`${url}/sign-in`);
    await page.locator('input[name="token"]').fill(token);
    await page.locator('form[action="/sign-in"] button[type="submit"]').click();
    await page.waitForURL((at) => !at.pathname.startsWith("/sign-in"));
  }, START_MS + 30_000);
  afterAll(async () => {
    await chromium?.close();
    await started?.kill();
    await rm(folder, { recursive: true, force: true });
  });

  /** A command of the sidecar, typed at another terminal of the same machine. */
  async function sidecar(...args: string[]) {
    const run = atTerminal(
      [process.execPath, fromRoot("scripts/run.mjs"), "sidecar", ...args],
      env,
    );
    return { code: await run.ended, said: run.said() };
  }

  async function addPasskey(name: string): Promise<string> {
    await page.goto(`${url}/security/passkeys/new`);
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Make the passkey" }).click();
    await page.waitForURL(`${url}/security`);
    const words = await page.locator("ol.words").last().locator("li").allTextContents();
    return words.join(" ");
  }

  it("is asked about in the terminal, and approves from then on, without a restart", async () => {
    const words = await addPasskey("My phone");
    await started.until("(y/N)");
    expect(words.split(" ")).toHaveLength(6);
    expect(started.said()).toContain(words);
    started.type("y");
    await started.until('Accepted. "My phone" may approve orders');
    const listed = await sidecar("approvers");
    expect(listed.said).toContain(words);
  }, 60_000);

  it("carries the switch through that asked for the passkey, and shows what it did", async () => {
    await page.goto(`${url}/trading`);
    await page.getByRole("button", { name: "Switch paper orders on" }).click();
    await page.getByRole("button", { name: "Use your passkey" }).click();
    await page.waitForURL(`${url}/trading`);
    await page.getByRole("button", { name: "Switch paper orders off" }).waitFor();
  }, 30_000);

  it("the sidecar's commands beside it are about its PC, without a folder being named", async () => {
    const status = await sidecar("status");
    expect(status.said).toContain(`Pairing:        ${url}`);
    expect(status.said).toMatch(/running, connected/);
    expect((await sidecar("approvers")).said).toContain("My phone");
    expect((await sidecar("mandates")).said).toContain("knows no mandate");
    expect((await sidecar("requests")).said).toContain("Nothing was asked");
    const doctor = await sidecar("doctor");
    expect(doctor.said).not.toContain("WRONG");
    expect(doctor.said).not.toContain(":5000");
    expect(doctor.code).toBe(0);
    // It asks nothing beside the sidecar that runs: the broker would punish both for it.
    const takeover = await sidecar("takeover");
    expect(takeover.said).toContain("The trading session is here already.");
    expect((await sidecar("status")).said).toContain("Broker session: ready");
  }, 60_000);

  it("kill says that nothing opens only after the process that sends has read it", async () => {
    const killed = await sidecar("kill");
    expect(killed.said).toMatch(/running sidecar \(process \d+\) has read it/);
    expect(killed.said).toContain("No order opens");
    expect((await sidecar("status")).said).toContain("ENGAGED");
    expect((await sidecar("unkill", "--yes")).said).toContain("lifted");
    const elsewhere = await sidecar("--config-dir", join(folder, "elsewhere"), "kill");
    expect(elsewhere.said).toContain("no sidecar runs with this folder");
    expect(elsewhere.said).not.toContain("No order opens");
    // Stopped, it cannot have read it.
    const pid = Number(/"pid": (\d+)/.exec((await sidecar("status", "--json")).said)?.[1]);
    process.kill(pid, "SIGSTOP");
    try {
      const hung = await sidecar("kill");
      expect(hung.said).toContain("Orders may still go out");
      expect(hung.code).toBe(1);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await sidecar("unkill", "--yes");
  }, 90_000);

  it("npm run token says in one line what to do, now that there is a passkey", async () => {
    const token = atTerminal([process.execPath, fromRoot("scripts/run.mjs"), "token"], env);
    expect(await token.ended).toBe(1);
    const lines = token.said().trim().split(/\r?\n/);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`${url}/security`);
  }, 30_000);

  it("ends in order on Ctrl-C, a question or not", async () => {
    await started.stop();
  }, 10_000);
});
