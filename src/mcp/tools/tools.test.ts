import { describe, expect, it } from "vitest";
import { answers } from "../../../test/support/scripted-exchange.ts";
import { ACCOUNT_TOOLS } from "../../../test/support/tool-cases/account.ts";
import type { Pages, Rule } from "../../../test/support/tool-cases/case.ts";
import { GATEWAY_TOOLS } from "../../../test/support/tool-cases/gateway.ts";
import { MARKET_TOOLS } from "../../../test/support/tool-cases/market.ts";
import { ORDER_TOOLS } from "../../../test/support/tool-cases/orders.ts";
import { shows, taken, turnedDown } from "../../../test/support/tool-input.ts";
import { callTool } from "../call-tool.ts";
import { TOOLS, toolNamed } from "../catalogue.ts";
import type { Tool } from "../define-tool.ts";
import { objectOf } from "../read-message.ts";

const CASES = { ...ACCOUNT_TOOLS, ...MARKET_TOOLS, ...ORDER_TOOLS, ...GATEWAY_TOOLS };

/** Its pages are cut by the tool itself, see below; the broker knows no offset for bars. */
const OWN_PAGES = ["ibkr_historical_bars"];

it("has cases for every tool, and pages for every tool that takes a cursor", () => {
  expect(Object.keys(CASES).sort()).toEqual(TOOLS.map(({ name }) => name).sort());
  const cursors = TOOLS.filter((tool) =>
    Object.hasOwn(objectOf(tool.listing().inputSchema.properties), "cursor"),
  ).map(({ name }) => name);
  const paged = Object.entries(CASES).flatMap(([name, { pages }]) => (pages ? [name] : []));
  expect([...paged, ...OWN_PAGES].sort()).toEqual(cursors.sort());
});

describe.each(Object.entries(CASES))("%s", (name, { scope, hints, operations, rules }) => {
  const tool = toolCalled(name);

  it("needs its scope, gives its hints and asks its operations", () => {
    expect(tool.scope).toBe(scope);
    expect(tool.listing().annotations).toEqual(hints);
    expect(tool.operations).toEqual(operations);
  });

  it.each(rules.map((rule) => [rule.it, rule] as const))("%s", (_, rule) => {
    expectRule(tool, rule);
  });
});

it.each(Object.entries(CASES).flatMap(([name, { pages }]) => (pages ? [{ name, pages }] : [])))(
  "$name is paged by cursor, never by a position of the caller's choice",
  ({ name, pages }) => {
    expectPages(toolCalled(name), pages);
  },
);

function toolCalled(name: string): Tool {
  const tool = toolNamed(name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return tool;
}

function expectRule(tool: Tool, rule: Rule): void {
  const { takes = [], refuses = [], shows: shown = [] } = rule;
  expect(takes.length + refuses.length + shown.length).toBeGreaterThan(0);
  for (const [args, input, operation = tool.operations[0]] of takes) {
    expect(taken(tool, args), JSON.stringify(args)).toMatchObject({ operation });
    expect(taken(tool, args).input, JSON.stringify(args)).toEqual(input);
  }
  for (const [args, says = "", code = "INPUT_INVALID"] of refuses) {
    const failure = turnedDown(tool, args);
    expect(failure, JSON.stringify(args)).toMatchObject({ code, retryable: false });
    expect(failure.message, JSON.stringify(args)).toContain(says);
  }
  for (const { result, args, shown: wanted } of shown) {
    expect(shows(tool, result, args)).toEqual(wanted);
  }
}

function expectPages(tool: Tool, { args, input, position }: Pages): void {
  const call = taken(tool, { ...args, limit: "20", cursor: "opaque" });
  expect(call.input).toEqual({ ...input, limit: 20 });
  expect(call.page).toMatchObject({ cursor: "opaque" });
  expect(tool.at(call, 40)).toEqual({ ...input, limit: 20, [position]: 40 });
  for (const name of ["offset", "beforeSeq"]) {
    expect(turnedDown(tool, { ...args, [name]: 10 })).toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining(`no argument "${name}"`),
    });
  }
  expect(turnedDown(tool, { ...args, limit: 201 }).message).toContain("limit must be at most 200");
}

it("ibkr_historical_bars shows the newest 200 and the older ones page by page, each bar once", async () => {
  const minute = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 60_000).toISOString();
  const bars = Array.from({ length: 450 }, (_, at) => ({
    at: minute(at),
    ...{ open: "1", high: "1", low: "1", close: "1", volume: null },
  }));
  const { exchange, runs } = answers({
    conid: 265598,
    symbol: "AAPL",
    currency: "USD",
    bar: "1min",
    delay_s: 0,
    availability: "live",
    bars,
    truncated: false,
    source: "simulator",
    as_of: minute(450),
    age_ms: 0,
    served_from: "broker",
    notes: [],
  });
  const window = { conid: 265598, bar: "1min", period: "1d" };
  const seen: unknown[] = [];
  const sizes: number[] = [];
  let cursor: unknown = null;
  do {
    const args = { ...window, cursor: typeof cursor === "string" ? cursor : null };
    const { structuredContent, content } = await callTool(exchange, "ibkr_historical_bars", args);
    const page = structuredContent.bars;
    if (!Array.isArray(page)) throw new Error("no bars");
    sizes.push(page.length);
    seen.unshift(...page);
    cursor = structuredContent.next_cursor;
    expect(content[0]?.text.includes("There is more")).toBe(cursor !== null);
  } while (cursor !== null);
  expect(sizes).toEqual([200, 200, 50]);
  expect(seen).toEqual(bars);
  for (const { input } of runs) expect(input).toEqual({ ...window, outside_rth: false });
  const all = await callTool(exchange, "ibkr_historical_bars", { ...window, limit: 450 });
  expect(all.structuredContent).toMatchObject({ next_cursor: null, notes: [] });
});
