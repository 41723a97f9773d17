import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser as Chromium } from "playwright-core";
import { expect } from "vitest";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { type Doorbell, startDoorbell } from "../clients/doorbell.ts";
import { type BrowserStep, type Newcomer, startNewcomer } from "./newcomer.ts";
import { clockEnv, plainEnv, startNpm, walkTime } from "./npm-start.ts";
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
  | { at: "terminal"; line: string; told: string | null }
  | { at: "browser"; step: BrowserStep };

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
    const walk = new Walk(options.client(home, env), person, mcp);
    walk.steps.push({ at: "terminal", line: "npm start", told: "the addresses, the owner token" });
    await getsIn(walk, doorbell, token);
    const order = await readsTheMarket(walk);
    await readiesOrders(walk, consoleUrl);
    await placesIt(walk, order);
    const machineSeconds = (performance.now() - began) / 1000;
    return {
      client: walk.client.name,
      machineSeconds,
      steps: walk.steps,
      ...counted(person.steps),
    };
  } finally {
    await context.close();
    await started.stop();
    await doorbell.close();
  }
}

/** Signs in once, chooses, and goes back to the client. */
async function getsIn(walk: Walk, doorbell: Doorbell, token: string): Promise<void> {
  const { client, person, mcp } = walk;
  for (const call of await client.adds(mcp)) walk.typed(call);
  const signIn = client.signsIn(mcp);
  const ended = signIn.then(({ out, err }) =>
    Promise.reject(new Error(`no browser: ${out}${err}`)),
  );
  // It may end after the browser came, when nobody races against it any more.
  ended.catch(() => undefined);
  await person.isSentTo(await Promise.race([doorbell.next(), ended]));
  await person.types("Owner token", token);
  await person.clicks("button", "Sign in");
  await person.lands("What it may do");
  await person.clicks("radio", /^Prepare, and place what I approve \(paper\)/);
  await person.clicks("checkbox", /^Let it do more than read/);
  await walk.shoot("consent");
  await person.clicks("button", "Allow");
  walk.typed(await signIn);
  walk.note();
}

/** The first reads; the order that they lead to. */
async function readsTheMarket(walk: Walk): Promise<Record<string, unknown>> {
  const found = await walk.call("ibkr_contract_resolve", { symbol: "AAPL" }, (answer) =>
    said(at(answer, "contract"), ["symbol", "currency", "conid"]),
  );
  const conid = at(at(found, "contract"), "conid");
  const quote = await walk.call(
    "ibkr_market_snapshot",
    { conids: [conid], fields: ["last", "bid", "ask"] },
    (answer) => said(valuesIn(answer), ["last", "bid", "ask"]),
  );
  // A little above the market: it fills, and is no more than an account's first limits take.
  const ask = Number(at(valuesIn(quote), "ask"));
  expect(ask, JSON.stringify(quote)).toBeGreaterThan(0);
  const limit_price = (ask * 1.002).toFixed(2);
  return { conid, side: "BUY", order_type: "LMT", quantity: 1, limit_price };
}

/** A passkey, which the simulator's PC accepts by itself here, and the switch. */
async function readiesOrders(walk: Walk, consoleUrl: string): Promise<void> {
  const { person } = walk;
  await person.follows(consoleUrl);
  await walk.shoot("overview");
  await person.clicks("link", "Add a passkey");
  await person.lands("So that you can tell it");
  await person.clicks("button", "Make the passkey");
  await person.lands("Next step: paper orders");
  await walk.shoot("security");
  await person.clicks("button", "Switch paper orders on");
  await person.lands("Use your passkey");
  await person.clicks("button", "Use your passkey");
  await person.lands("Everything is up");
  walk.note();
}

async function placesIt(walk: Walk, order: Record<string, unknown>): Promise<void> {
  const { person } = walk;
  const previewed = await walk.call("ibkr_order_preview", order, (answer) =>
    [said(answer, ["outcome"]), said(at(answer, "preview"), ["tier", "preview_id"])].join(", "),
  );
  const next = nextCall(previewed);
  expect(next.args, JSON.stringify(previewed)).toMatchObject({ submit_on_approval: true });
  const asked = await walk.call(next.tool, next.args, (answer) =>
    [said(answer, ["outcome"]), said(at(answer, "approval"), ["state", "approval_url"])].join(", "),
  );
  const approval = at(asked, "approval");
  await person.follows(String(at(approval, "approval_url")));
  await walk.shoot("approval");
  await person.clicks("button", "Approve and send");
  await person.lands(/Filled: 1|Sent|Working/);
  walk.note();
  const status = await walk.call(
    "ibkr_approval_status",
    { approval_id: at(approval, "approval_id"), wait_seconds: 20 },
    (answer) =>
      `approval ${said(at(answer, "approval"), ["state"])}, order ${said(at(answer, "order"), ["state"])}`,
  );
  expect(at(at(status, "order"), "state"), JSON.stringify(status)).toBe("filled");
}

/** The call that an answer says comes next, as a model copies it. */
function nextCall(answer: unknown): { tool: string; args: Record<string, unknown> } {
  const said = String(at(answer, "next_step"));
  const [, tool = "", args = "{}"] = /Next call: (\w+) (\{.*?\})/.exec(said) ?? [];
  return { tool, args: JSON.parse(args) };
}

const valuesIn = (quote: unknown): unknown => at(at(at(quote, "quotes"), "0"), "values");

/** `name value` of the members that are named. */
function said(value: unknown, names: readonly string[]): string {
  return names.map((name) => `${name} \`${String(at(value, name))}\``).join(", ");
}

/** The client and the person taking turns; every call has to be answered with what was asked for. */
class Walk {
  readonly client: StockClient;
  readonly person: Newcomer;
  readonly mcp: string;
  readonly steps: WalkStep[] = [];
  private noted = 0;

  constructor(client: StockClient, person: Newcomer, mcp: string) {
    this.client = client;
    this.person = person;
    this.mcp = mcp;
  }

  /** Narrow and wide, for looking at. */
  shoot(what: string): Promise<void> {
    const name = `first-order-${what}-${this.client.name.toLowerCase().replaceAll(" ", "-")}`;
    return this.person.shoot(fromRoot(`artifacts/console/${name}`));
  }

  /** What the person did since the last call comes before it. */
  note(): void {
    for (const step of this.person.steps.slice(this.noted))
      this.steps.push({ at: "browser", step });
    this.noted = this.person.steps.length;
  }

  typed(call: TypedCall, told: string | null = null): void {
    expect(call.code, `${call.line}\n${call.out}\n${call.err}`).toBe(0);
    this.steps.push({ at: "terminal", line: call.line, told });
  }

  /** `told` says in a line what of the answer matters. */
  async call(
    tool: string,
    args: Record<string, unknown>,
    told: (answer: unknown) => string,
  ): Promise<unknown> {
    const call = await this.client.calls(this.mcp, tool, args);
    this.typed(call, told(call.answer));
    return call.answer;
  }
}

function counted(steps: readonly BrowserStep[]) {
  const many = (did: BrowserStep["did"]) => steps.filter((step) => step.did === did).length;
  const words = steps.reduce((sum, step) => sum + step.words, 0);
  return { clicks: many("clicks"), fields: many("types"), words };
}
