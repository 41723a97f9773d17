import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import type { Browser as Chromium } from "playwright-core";
import { expect } from "vitest";
import { fromRoot, ROOT } from "../../scripts/lib/paths.ts";
import { type FastTime, parseFastTime } from "../chaos/orders/fast-time.ts";
import { startDoorbell } from "../clients/doorbell.ts";
import { instantNamed } from "../clock/instants.ts";
import { entryAt } from "../clock/plan.ts";
import { type BrowserStep, type Newcomer, startNewcomer } from "./newcomer.ts";
import { until } from "./relay/until.ts";
import { at, type StockClient, type TypedCall } from "./stock-clients.ts";

/** What a walk took of its person, and what it left to be read. */
export interface FirstOrder {
  client: string;
  clicks: number;
  fields: number;
  words: number;
  /** From `npm start` to the fill, without the time a person reads and chooses. */
  machineSeconds: number;
  steps: WalkStep[];
}

export type WalkStep =
  | { at: "terminal"; line: string; answer: unknown }
  | { at: "browser"; step: BrowserStep };

const START_MS = 90_000;

export async function walkToFirstOrder(options: {
  directory: string;
  chromium: Chromium;
  client: (home: string, env: NodeJS.ProcessEnv) => StockClient;
}): Promise<FirstOrder> {
  const { directory, chromium } = options;
  const home = join(directory, "home");
  await mkdir(home, { recursive: true });
  const time = walkTime();
  const doorbell = await startDoorbell(join(directory, "browser"));
  const env = { ...plainEnv(doorbell.directory), ...(await clockEnv(time, directory)) };
  const context = await chromium.newContext({ viewport: { width: 1280, height: 900 } });
  const began = performance.now();
  const started = startNpm({ ...env, HOME: home, DATA_DIR: join(directory, "data") });
  try {
    const { mcp, console: consoleUrl, token } = await started.ready;
    const person = await startNewcomer(context, time.start + Date.now() - time.wallStart);
    const client = options.client(home, env);
    const steps: WalkStep[] = [];
    const walk = new Walk(client, person, mcp, steps);
    steps.push({ at: "terminal", line: "npm start", answer: null });
    for (const call of await client.adds(mcp)) walk.typed(call);

    // Access: sign in once, choose, go back to the client.
    const signIn = client.signsIn(mcp);
    const ended = signIn.then(({ out, err }) =>
      Promise.reject(new Error(`no browser: ${out}${err}`)),
    );
    await person.isSentTo(await Promise.race([doorbell.next(), ended]));
    ended.catch(() => undefined);
    await person.types("Owner token", token);
    await person.clicks("button", "Sign in");
    await person.lands("What it may do");
    await person.clicks("radio", /^Prepare, and place what I approve \(paper\)/);
    await person.clicks("checkbox", /^Let it do more than read/);
    await person.shoot(
      fromRoot(`artifacts/console/first-order-consent-${client.name.replaceAll(" ", "-")}`),
    );
    await person.clicks("button", "Allow");
    walk.typed(await signIn);
    walk.note();

    const quote = await walk.call("ibkr_market_snapshot", {
      conids: ["265598"],
      fields: ["last", "bid", "ask"],
    });
    const price = roomAbove(quote);

    // Orders: a passkey, and the switch.
    await person.follows(consoleUrl);
    await person.shoot(
      fromRoot(`artifacts/console/first-order-overview-${client.name.replaceAll(" ", "-")}`),
    );
    await person.clicks("link", "Add a passkey");
    await person.lands("So that you can tell it");
    await person.clicks("button", "Make the passkey");
    await person.lands("Next step: paper orders");
    await person.clicks("button", "Switch paper orders on");
    await person.lands("Use your passkey");
    await person.clicks("button", "Use your passkey");
    await person.lands("Everything is up");
    walk.note();

    const account = at(at(await walk.call("ibkr_accounts_list", {}), "accounts"), "0");
    expect(account).toBeDefined();
    const previewed = await walk.call("ibkr_order_preview", {
      conid: 265598,
      side: "BUY",
      order_type: "LMT",
      quantity: 1,
      limit_price: price,
    });
    const preview = at(previewed, "preview");
    const asked = await walk.call("ibkr_approvals_create", {
      preview_id: at(preview, "preview_id"),
      submit_on_approval: true,
      idempotency_key: "my-first-order",
    });
    const approval = at(asked, "approval");
    await person.follows(String(at(approval, "approval_url")));
    await person.shoot(
      fromRoot(`artifacts/console/first-order-approval-${client.name.replaceAll(" ", "-")}`),
    );
    await person.clicks("button", "Approve and send");
    await person.lands(/Filled: 1|Sent|Working/);
    walk.note();
    const filled = await walk.call("ibkr_approval_status", {
      approval_id: at(approval, "approval_id"),
      wait_seconds: 20,
    });
    expect(at(at(filled, "order"), "state"), JSON.stringify(filled)).toBe("filled");
    const machineSeconds = (performance.now() - began) / 1000;
    return { client: client.name, machineSeconds, steps, ...counted(person.steps) };
  } finally {
    await context.close();
    await started.stop();
    await doorbell.close();
  }
}

/** The client and the person taking turns; every call has to be answered with what was asked for. */
class Walk {
  private noted = 0;
  private readonly client: StockClient;
  private readonly person: Newcomer;
  private readonly mcp: string;
  private readonly steps: WalkStep[];

  constructor(client: StockClient, person: Newcomer, mcp: string, steps: WalkStep[]) {
    this.client = client;
    this.person = person;
    this.mcp = mcp;
    this.steps = steps;
  }

  /** What the person did since the last call comes before it. */
  note(): void {
    for (const step of this.person.steps.slice(this.noted))
      this.steps.push({ at: "browser", step });
    this.noted = this.person.steps.length;
  }

  typed(call: TypedCall, answer: unknown = null): void {
    expect(call.code, `${call.line}\n${call.out}\n${call.err}`).toBe(0);
    this.steps.push({ at: "terminal", line: call.line, answer });
  }

  async call(tool: string, args: Record<string, unknown>): Promise<unknown> {
    const call = await this.client.calls(this.mcp, tool, args);
    this.typed(call, call.answer);
    return call.answer;
  }
}

/** Sunday evening before the futures open; in the clock matrix the instant of the case. */
function walkTime(): FastTime {
  const given = parseFastTime(process.env.TEST_CLOCK);
  const start = Date.parse(instantNamed("sunday-before-futures").at);
  return given ?? { wallStart: Date.now(), start, speed: 1 };
}

async function clockEnv(time: FastTime, directory: string): Promise<Record<string, string>> {
  return {
    TEST_CLOCK: JSON.stringify(time),
    GATEWAY_ENTRY: process.env.GATEWAY_ENTRY ?? (await entryAt(time, join(directory, "entry"))),
    NODE_OPTIONS: `--import=${fromRoot("test/clock/preload.ts")}`,
  };
}

/** The environment of a person's shell: nothing of this test run but Node and the browser. */
function plainEnv(browser: string): Record<string, string> {
  const { NODE_COMPILE_CACHE = "", TMPDIR } = process.env;
  return {
    PATH: [
      browser,
      fromRoot("node_modules/.bin"),
      dirname(process.execPath),
      process.env.PATH,
    ].join(delimiter),
    BROWSER: join(browser, "xdg-open"),
    NO_COLOR: "1",
    NODE_COMPILE_CACHE,
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
  };
}

/** `npm start` as the README says it; any free ports, because others may run here. */
function startNpm(env: Record<string, string>) {
  const child = spawn("npm", ["start"], {
    cwd: ROOT,
    env: { ...env, PORT: "0", SIMULATOR_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const printed = (what: string) => new RegExp(`^${what}: (\\S+)$`, "m").exec(said)?.[1] ?? "";
  const ready = until(() => said.includes("Owner sign-in token: "), "npm start is ready", {
    timeoutMs: START_MS,
    everyMs: 20,
  }).then(
    () => ({
      mcp: printed("MCP endpoint"),
      console: printed("Console"),
      token: printed("Owner sign-in token"),
    }),
    () => Promise.reject(new Error(`npm start did not get ready: ${said}`)),
  );
  return {
    ready,
    said: () => said,
    async stop() {
      // The whole group, as Ctrl-C does.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}

/** A limit a little above the market: it fills, and is no more than an account's first limits take. */
function roomAbove(quote: unknown): string {
  const values = at(at(at(quote, "quotes"), "0"), "values");
  const ask = Number(at(values, "ask"));
  expect(ask, JSON.stringify(quote)).toBeGreaterThan(0);
  return (ask * 1.002).toFixed(2);
}

function counted(steps: readonly BrowserStep[]) {
  const many = (did: BrowserStep["did"]) => steps.filter((step) => step.did === did).length;
  const words = steps.reduce((sum, step) => sum + step.words, 0);
  return { clicks: many("clicks"), fields: many("types"), words };
}
