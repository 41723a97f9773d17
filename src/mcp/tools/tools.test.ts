import type { JsonObject, JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { describe, expect, it } from "vitest";
import { fullAnswer } from "../../../test/support/full-answer.ts";
import { answers, scripted } from "../../../test/support/scripted-exchange.ts";
import { ACCOUNT_TOOLS } from "../../../test/support/tool-cases/account.ts";
import type { Pages, Rule } from "../../../test/support/tool-cases/case.ts";
import { GATEWAY_TOOLS } from "../../../test/support/tool-cases/gateway.ts";
import { MARKET_TOOLS } from "../../../test/support/tool-cases/market.ts";
import { ORDER_TOOLS } from "../../../test/support/tool-cases/orders.ts";
import { shows, taken, turnedDown } from "../../../test/support/tool-input.ts";
import { callTool } from "../call-tool.ts";
import { TOOLS, toolNamed } from "../catalogue.ts";
import type { Tool } from "../define-tool.ts";
import type { Exchange } from "../exchange.ts";
import { objectOf } from "../read-message.ts";
import { toJsonObject } from "../to-json.ts";

const CASES = { ...ACCOUNT_TOOLS, ...MARKET_TOOLS, ...ORDER_TOOLS, ...GATEWAY_TOOLS };

/** Their pages are cut here, of a list that the operation gives whole; see below. */
const OWN_PAGES = [
  "ibkr_historical_bars",
  "ibkr_performance",
  "ibkr_notifications_list",
  "ibkr_watchlists",
  "ibkr_alerts",
];

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

const minute = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 60_000).toISOString();
const SEEN = {
  source: "simulator",
  as_of: minute(450),
  age_ms: 0,
  served_from: "broker",
  notes: [],
};

/** Every page of a call, from the first to the last. */
async function walk(exchange: Exchange, name: string, args: JsonObject): Promise<JsonObject[]> {
  const pages: JsonObject[] = [];
  let cursor: JsonValue = null;
  do {
    const { structuredContent, content } = await callTool(exchange, name, { ...args, cursor });
    const page = toJsonObject(structuredContent);
    pages.push(page);
    const next = page.next_cursor;
    cursor = typeof next === "string" ? next : null;
    expect(page.has_more).toBe(cursor !== null);
    expect(content[0]?.text.includes("There is more")).toBe(cursor !== null);
  } while (cursor !== null);
  return pages;
}

const rowsIn = (list: JsonValue | undefined): JsonValue[] => {
  const rows = Array.isArray(list) ? list : objectOf(list ?? null).rows;
  if (!Array.isArray(rows)) throw new Error("no rows");
  return rows;
};

it("ibkr_historical_bars shows the newest that fit and the older ones page by page, each bar once", async () => {
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
    ...SEEN,
  });
  const window = { conid: 265598, bar: "1min", period: "1d" };
  const pages = await walk(exchange, "ibkr_historical_bars", window);
  expect(pages.length).toBeGreaterThan(2);
  expect(objectOf(pages[0]?.bars ?? null).columns).toEqual(Object.keys(bars[0] ?? {}));
  expect(pages.reverse().flatMap((page) => rowsIn(page.bars))).toEqual(bars.map(Object.values));
  for (const { input } of runs) expect(input).toEqual({ ...window, outside_rth: false });
  const all = await callTool(exchange, "ibkr_historical_bars", { ...window, limit: 450 });
  expect(all.structuredContent).toMatchObject({ next_cursor: null, has_more: false, notes: [] });
  expect(rowsIn(toJsonObject(all.structuredContent).bars)).toHaveLength(450);
});

it("ibkr_notifications_list says of fewer than there are that there are more, and gives the rest", async () => {
  const { exchange } = scripted((call) => ({
    ok: true,
    audit_seq: 1,
    result: fullAnswer(call.operation, call.input),
  }));
  const pages = await walk(exchange, "ibkr_notifications_list", { limit: 3 });
  expect(pages.map((page) => rowsIn(page.notifications).length)).toEqual([3, 3, 3, 1]);
  const whole = objectOf(fullAnswer("notifications.list", { limit: 10 })).notifications;
  expect(pages.flatMap((page) => rowsIn(page.notifications))).toEqual(rowsIn(whole));
});

it.each([
  ["ibkr_performance", "days", {}, {}],
  ["ibkr_notifications_list", "notifications", {}, {}],
  ["ibkr_watchlists", "watchlists", {}, {}],
  ["ibkr_watchlists", "instruments", { watchlist_id: "100" }, {}],
  ["ibkr_alerts", "alerts", {}, {}],
  ["ibkr_positions_list", "positions", {}, { offset: 0 }],
  ["ibkr_orders_list", "orders", {}, { offset: 0 }],
  ["ibkr_executions_list", "executions", {}, { offset: 0 }],
] as const)("%s gives every entry of %s once, in its order", async (name, list, args, from) => {
  let operation = "";
  const { exchange } = scripted((call) => {
    operation = call.operation;
    return { ok: true, audit_seq: 1, result: fullAnswer(call.operation, call.input) };
  });
  const pages = await walk(exchange, name, args);
  const entries = pages.flatMap((page) => rowsIn(page[list]));
  const whole = rowsIn(objectOf(fullAnswer(operation, { ...from, limit: 500 }))[list]);
  expect(entries).toHaveLength(name === "ibkr_notifications_list" ? 10 : whole.length);
  const plain = whole.slice(0, entries.length);
  const table = !Array.isArray(pages[0]?.[list]);
  expect(entries).toEqual(table ? plain.map((entry) => Object.values(objectOf(entry))) : plain);
});
