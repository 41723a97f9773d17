import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Bench, startBench } from "@ibkr-edge-gateway/simulator/testing/client.ts";
import {
  type Ears,
  listen,
  listenIn,
  untilQuiet,
} from "@ibkr-edge-gateway/simulator/testing/socket.ts";
import { Agent, fetch } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLIENT_SCRIPTS, type ClientScript, type ClientStep } from "../support/broker-clients.ts";

const DOCUMENT = resolve(import.meta.dirname, "../../docs/broker-clients.md");
/** As often as ibind answers what is asked of one order. */
const REPLIES_MAX = 20;

let bench: Bench;
let agent: Agent;
let ears: Ears | undefined;
beforeEach(async () => {
  bench = await startBench();
  agent = new Agent({ connect: { ca: bench.simulator.certificatePem } });
});
afterEach(async () => {
  ears?.close();
  ears = undefined;
  await agent.destroy();
  await bench.close();
});

type Memory = Map<string, string>;

const isRequest = (say: string): boolean => /^(GET|POST|PUT|DELETE) /.test(say);

/** Fills `{name}` in; what is not known stays as it stands. */
const fill = (text: string, memory: Memory): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => memory.get(name) ?? whole);

function at(value: unknown, way: readonly (string | number)[]): unknown {
  return way.reduce<unknown>(
    (here, key) => (typeof here === "object" && here !== null ? Reflect.get(here, key) : undefined),
    value,
  );
}

interface Heard {
  status: number;
  json: unknown;
}

async function send(script: ClientScript, step: ClientStep, memory: Memory): Promise<Heard> {
  const [method = "GET", path = "/"] = fill(step.say, memory).split(" ");
  const { body } = step;
  const text = body === undefined ? "" : typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${bench.simulator.url}/v1/api${path}`, {
    method,
    dispatcher: agent,
    headers: { ...script.headers, ...step.headers },
    body: method === "GET" || method === "DELETE" ? null : fill(text, memory),
  });
  const answer = await response.text();
  return { status: response.status, json: answer === "" ? undefined : parsed(answer) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function request(script: ClientScript, step: ClientStep, memory: Memory): Promise<void> {
  let { status, json } = await send(script, step, memory);
  if (step.say.includes("{reply}")) {
    for (let left = REPLIES_MAX; left > 0 && learnReply(json, memory); left--) {
      ({ status, json } = await send(script, step, memory));
    }
  }
  const said = `${step.say}: ${status} ${JSON.stringify(json)?.slice(0, 300)}`;
  if (step.status !== 0) expect(status, said).toBe(step.status ?? 200);
  for (const way of step.needs ?? [])
    expect(at(json, way), `${said} at ${way.join("/")}`).toBeDefined();
  for (const [name, way] of Object.entries(step.learns ?? {})) {
    const learnt = at(json, way);
    expect(learnt, `${said} at ${way.join("/")}`).toBeDefined();
    memory.set(name, String(learnt));
  }
  learnReply(json, memory);
  const session = at(json, ["session"]);
  if (typeof session === "string") memory.set("session", session);
}

/** Whether something is asked of an order; keeps the id to answer with. */
function learnReply(json: unknown, memory: Memory): boolean {
  const id = at(json, [0, "id"]) ?? at(json, ["id"]);
  if (typeof id !== "string") return false;
  memory.set("reply", id);
  return true;
}

async function say(
  to: Ears,
  { say: text, hears, form }: ClientStep,
  memory: Memory,
): Promise<void> {
  to.frames.length = 0;
  to.say(fill(text, memory));
  await untilQuiet(to);
  await bench.control.advance(1_000);
  await untilQuiet(to);
  const heard = to.frames.filter(({ topic }) => !isOngoing(topic, text));
  const wanted = hears == null ? null : fill(hears, memory);
  const told = `${text}${form === undefined ? "" : ` (${form})`}: ${JSON.stringify(heard).slice(0, 400)}`;
  if (wanted === null) expect(heard, told).toEqual([]);
  else
    expect(
      heard.some((frame) => frame.topic === wanted || frame.result === wanted),
      told,
    ).toBe(true);
}

/** What an earlier subscription goes on telling: no answer to what was said now. */
const isOngoing = (topic: unknown, said: string): boolean =>
  /^(spl|smd|system)/.test(String(topic)) &&
  !said.startsWith(String(topic).slice(0, 3)) &&
  !said.startsWith("{");

async function run(script: ClientScript): Promise<void> {
  const memory: Memory = new Map();
  for (const step of script.steps) {
    if (isRequest(step.say)) await request(script, step, memory);
    else {
      ears ??= script.socket === "cookie" ? await listenIn(bench) : await listen(bench);
      await say(ears, step, memory);
    }
    if (step.thenMs !== undefined) await bench.control.advance(step.thenMs);
  }
}

describe("other people's clients are served by the simulator", () => {
  it.each(CLIENT_SCRIPTS.map((script) => [script.client, script.title, script] as const))(
    "%s %s",
    async (_client, _title, script) => {
      if (script.socket === "message")
        bench.control.change({ webSocket: { withoutCookie: "waits" } });
      await run(script);
    },
  );

  it("also where the frames are bytes", async () => {
    bench.control.change({ webSocket: { binary: true } });
    const script = CLIENT_SCRIPTS.find(({ socket }) => socket === "cookie");
    if (script === undefined) throw new Error("no script has a socket");
    const kinds: boolean[] = [];
    ears = await listenIn(bench);
    ears.socket.on("message", (_data, isBinary) => kinds.push(isBinary));
    await run(script);
    expect(kinds.length).toBeGreaterThan(5);
    expect(kinds).not.toContain(false);
  });

  it("and a field that the ledger's stream was asked for by its documented name is there", async () => {
    ears = await listen(bench);
    ears.say(
      `sld+${bench.control.world().brokerage.selectedAccount}+{"keys":["LedgerListUSD"],"fields":["cashBalance"]}`,
    );
    await untilQuiet(ears);
    expect(at(ears.of("sld")[0], ["result", 0, "cashbalance"])).toBeTypeOf("number");
  });
});

describe("docs/broker-clients.md", () => {
  it("has a row for each call (UPDATE_DOCS=1 writes it anew)", () => {
    const text = document();
    if (process.env.UPDATE_DOCS === "1") writeFileSync(DOCUMENT, text);
    expect(readFileSync(DOCUMENT, "utf8")).toBe(text);
  });
});

function document(): string {
  const intro = [
    "# What other clients of the broker's gateway say",
    "",
    "The simulator must not be told apart from the gateway by programs that were written for the gateway.",
    "Below stands what such programs were seen to say, in their order and their form; the",
    "[suite](../test/contract/client-compatibility.test.ts) says it to the simulator, and looks at what the program",
    "goes on with. Made from [broker-clients.ts](../test/support/broker-clients.ts).",
  ];
  const sections = CLIENT_SCRIPTS.flatMap(({ client, title, seen, steps }) => [
    "",
    `## ${client}: ${title}`,
    "",
    `Seen: ${seen}.`,
    "",
    "| call or frame | form | answer |",
    "| --- | --- | --- |",
    ...steps.map(
      (step) => `| \`${cell(callOf(step))}\` | ${cell(step.form ?? "")} | ${answerOf(step)} |`,
    ),
  ]);
  return `${[...intro, ...sections].join("\n")}\n`;
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function callOf({ say: text, body }: ClientStep): string {
  if (!isRequest(text)) return `frame ${text}`;
  if (body === undefined) return text;
  return `${text} ${typeof body === "string" ? body : JSON.stringify(body)}`;
}

function answerOf({ say: text, status, hears, needs, learns }: ClientStep): string {
  if (!isRequest(text)) return hears == null ? "none" : `\`${hears}\``;
  if (status === 0) return "any";
  const ways = [...(needs ?? []), ...Object.values(learns ?? {})].map(
    (way) => `\`${way.join("/")}\``,
  );
  return [String(status ?? 200), ...ways].join(", ");
}
