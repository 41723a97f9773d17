import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser as Chromium, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { sidecarStatus } from "../../scripts/lib/sidecar-status.ts";
import { CHROMIUM, launchChromium, NO_CHROMIUM } from "../support/chromium.ts";
import { startNpm } from "../support/npm-start.ts";
import { until } from "../support/relay/until.ts";

/** A second PC against a running `npm start`, all of it real: who replaces whom, when, and how back. */
const START_MS = 90_000;
/** A PC that stands by asks again once a minute. */
const NEXT_TRY_MS = 75_000;
const HOST = hostname();

if (CHROMIUM === null) console.log(NO_CHROMIUM);

describe.runIf(CHROMIUM !== null && process.platform === "linux")("a second PC", () => {
  let folder: string;
  let first: string;
  let second: string;
  let env: Record<string, string>;
  let started: ReturnType<typeof startNpm>;
  let url: string;
  let chromium: Chromium;
  let page: Page;
  const running: ReturnType<typeof command>[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ibkr-second-pc-"));
    first = join(folder, "data", "sidecar");
    second = join(folder, "config", "ibkr-sidecar");
    env = {
      ...Object.fromEntries(
        Object.entries(process.env).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, value]],
        ),
      ),
      DATA_DIR: join(folder, "data"),
      XDG_CONFIG_HOME: join(folder, "config"),
    };
    started = startNpm(env);
    const ready = await started.ready;
    url = ready.mcp.replace(/\/mcp$/, "");
    chromium = await launchChromium();
    page = await (await chromium.newContext()).newPage();
    await page.goto(`${url}/sign-in`);
    await page.getByLabel("Owner token").fill(ready.token);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.waitForURL(`${url}/`);
  }, START_MS + 30_000);
  afterAll(async () => {
    await chromium?.close();
    for (const one of running) await one.stop();
    await started?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** `npm run sidecar -- <args>`, typed at another terminal of this machine. */
  function command(...args: string[]) {
    const child = spawn(process.execPath, [fromRoot("scripts/run.mjs"), "sidecar", ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
    return {
      ended,
      said: () => said,
      says: (text: string, timeoutMs = 30_000) =>
        until(() => said.includes(text), `it says ${text}: ${said}`, { timeoutMs }),
      async stop() {
        child.kill("SIGTERM");
        return ended;
      },
    };
  }

  async function run(...args: string[]) {
    const ran = command(...args);
    return { code: await ran.ended, said: ran.said() };
  }

  async function runsSecond(): Promise<void> {
    const state = JSON.parse(await readFile(join(folder, "data", "gateway.json"), "utf8"));
    const portal = `https://127.0.0.1:${state.simulator_port}`;
    const ran = command("run", "--simulated", "--client-portal", portal);
    running.push(ran);
    expect(ran.said()).not.toContain("error:");
    await ran.says("connected to the gateway");
  }

  /** What the running sidecar of a folder says of its connection. */
  const relayOf = (configDir: string) => sidecarStatus(configDir).running?.relay ?? null;

  /** How each PC stands, by its name, as its owner reads it under Sidecars. */
  async function standing(): Promise<Record<string, string>> {
    await page.goto(`${url}/sidecars`);
    const cards = await page.locator(".grid .card").all();
    const rows = cards.map(async (card) => [
      await card.locator("h2").textContent(),
      await card.locator(".tag").textContent(),
    ]);
    return Object.fromEntries(await Promise.all(rows));
  }

  const overview = async () => {
    await page.goto(`${url}/`);
    return page.getByRole("main").textContent();
  };

  it("is paired beside it: the page says who replaces whom, and when", async () => {
    const pairing = command("pair", url, "--name", "laptop", "--simulated");
    running.push(pairing);
    await pairing.says("Type this code");
    expect(pairing.said()).toContain("one beside it");
    const code = /Type this code: +(\S+)/.exec(pairing.said())?.[1] ?? "";
    await page.goto(`${url}/pair`);
    await page.getByLabel("Code shown there").fill(code);
    await page.getByRole("button", { name: "Continue" }).click();
    const when = `Once paired, laptop is the PC in use. The one before, ${HOST}, goes on until laptop connects or its own connection ends, and stands by from then on.`;
    expect(await page.getByRole("main").textContent()).toContain(when);
    await page.getByLabel("The six words are the same on both screens").check();
    await page.getByRole("button", { name: "Pair this PC" }).click();
    await page.getByRole("heading", { name: "laptop is paired" }).waitFor();
    expect(await page.getByRole("main").textContent()).toContain(when);
    expect(await pairing.ended).toBe(0);
    // It has not connected, and the page was true: the first goes on.
    expect(await standing()).toEqual({
      laptop: "In use, not connected",
      [HOST]: "Serves until the other one connects",
    });
    expect(await overview()).toContain("Everything is up");
    expect(await overview()).toContain("laptop, as soon as it connects");
  }, 60_000);

  it("replaces the first when it connects; npm start lives on and says so", async () => {
    await runsSecond();
    await until(() => started.said().includes("is not the one in use"), "npm start says so");
    expect(started.said()).toContain("another paired PC took over; this one stands by");
    expect(await standing()).toEqual({ laptop: "In use", [HOST]: "Stands by" });
    expect(relayOf(first)).toMatchObject({
      state: expect.not.stringMatching(/connected|stopped/),
    });
    expect(await overview()).toContain("laptop");
  }, 60_000);

  it(
    "stands by at once when the first is chosen at the console, which is back within a minute",
    async () => {
      await page.goto(`${url}/sidecars`);
      await page.getByRole("button", { name: /^Use this PC/ }).click();
      await page.waitForURL(`${url}/sidecars`);
      await until(() => relayOf(second)?.trouble?.code === "STANDBY", "it stands by", {
        timeoutMs: 15_000,
        everyMs: 500,
      });
      const { said } = await run("--config-dir", second, "status");
      expect(said).toContain(`this PC stands by: "${HOST}" is the one in use`);
      expect(said).toContain("npm run sidecar -- use");
      await until(() => started.said().includes("is the one in use again"), "the first is back", {
        timeoutMs: NEXT_TRY_MS,
        everyMs: 200,
      });
      expect(await standing()).toEqual({ [HOST]: "In use", laptop: "Stands by" });
    },
    NEXT_TRY_MS + 45_000,
  );

  it("is used by the command at the PC, which asks where two are set up here", async () => {
    const unnamed = await run("use", "--yes");
    expect(unnamed.code).toBe(2);
    expect(unnamed.said).toContain("Two PCs are set up on this machine");
    expect(unnamed.said).toContain(`--config-dir ${first}`);
    expect(unnamed.said).toContain(`--config-dir ${second}`);
    const unasked = await run("--config-dir", second, "use");
    expect([unasked.code, unasked.said]).toEqual([2, expect.stringContaining("--yes")]);
    expect(await standing()).toMatchObject({ [HOST]: "In use" });

    const used = await run("--config-dir", second, "use", "--yes");
    expect(used.said).toContain(`This PC is the one in use now; "${HOST}" stands by.`);
    expect(used.code).toBe(0);
    const again = await run("--config-dir", second, "use", "--yes");
    expect([again.code, again.said]).toEqual([0, expect.stringContaining("in use already")]);
    await until(() => relayOf(first)?.trouble?.code === "STANDBY", "it stands by", {
      timeoutMs: 15_000,
      everyMs: 500,
    });
    // Whoever does not want to wait a minute starts it anew.
    await running.at(-1)?.stop();
    await runsSecond();
    expect(await standing()).toEqual({ laptop: "In use", [HOST]: "Stands by" });
  }, 90_000);

  it(
    "leaves npm start able to start again, which says that its own PC stands by",
    async () => {
      await started.stop();
      started = startNpm(env);
      await started.ready;
      expect(started.said()).toContain(
        `The simulator's PC: this PC stands by: "laptop" is the one in use`,
      );
      expect((await fetch(`${url}/sign-in`)).status).toBe(200);
    },
    START_MS,
  );

  it("a stop without a folder stops both", async () => {
    const killed = await run("kill");
    expect(killed.said).toContain(`The PC in ${first}:`);
    expect(killed.said).toContain(`The PC in ${second}:`);
    expect(killed.said.match(/The kill switch is engaged/g)).toHaveLength(2);
  }, 30_000);
});
