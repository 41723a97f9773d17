import { BASELINE_SCOPES } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { Pin } from "@ibkr-edge-gateway/simulator/market/quote.ts";
import type { SimulatorOptions } from "@ibkr-edge-gateway/simulator/options.ts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clientOf } from "../support/access.ts";
import { type BrokerRig, startRig } from "../support/broker.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { modern } from "../support/mcp.ts";
import { pairPcAt } from "../support/pc-at.ts";

/**
 * A market that is not open, read at named instants: the last price with its time and its reason, a
 * dated reference price, and when it opens, in the exchange's zone and in the owner's. Bid and ask
 * that are not there are null and named as missing.
 */
// fixed dates: they are instants of the simulated market's own clock.
const AAPL = 265598;
const ES = 416904;

let rig: BrokerRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function at(text: string, options: SimulatorOptions & { zone?: string } = {}) {
  const { zone = "Europe/Berlin", ...more } = options;
  const made = await startRig({
    startAt: Date.parse(text),
    marketHours: "exchange",
    around: () => ({ ownerZone: zone }),
    ...more,
  });
  rig = made;
  await made.ready();
  return made;
}

async function quoteAt(text: string, pin?: Pin) {
  const { ask, sim } = await at(text);
  if (pin !== undefined) sim.control.pin(AAPL, pin);
  const answer = await ask("market.snapshot", { conids: [AAPL] });
  const [quote] = answer.quotes;
  if (quote === undefined) throw new Error("no quote");
  return { quote, notes: answer.notes };
}

const SNAPSHOT = "/iserver/marketdata/snapshot";

describe("what a quote costs at the broker", () => {
  const fields = ["bid", "ask", "last", "prior_close"] as const;
  const looksAt = async (text: string) => {
    const made = await at(text);
    const { quotes } = await made.ask("market.snapshot", { conids: [AAPL], fields: [...fields] });
    const looks = made.requestsTo(SNAPSHOT).length;
    await made.close();
    rig = undefined;
    return { looks, missing: quotes[0]?.missing };
  };

  it("at a closed hour no more than at an open one: nobody waits for sides that never come", async () => {
    const open = await looksAt("2026-11-30T15:00:00Z");
    const closed = await looksAt("2026-11-28T15:00:00Z");
    expect(open.missing).toEqual([]);
    expect(closed.missing).toEqual(["bid", "ask"]);
    expect(closed.looks).toBe(open.looks);
  });
});

describe("a quote at a closed hour", () => {
  it("Saturday: frozen, of Friday's half day, and it opens on Monday", async () => {
    const { quote, notes } = await quoteAt("2026-11-28T15:00:00Z");
    expect(quote).toMatchObject({
      availability: "frozen",
      market: {
        state: "closed",
        next_open: "2026-11-30T14:30:00.000Z",
        session_date: null,
        last_session_date: "2026-11-27",
      },
      values: { bid: null, ask: null, last: quote.last_price?.price },
      last_price: { age: "frozen", at: "2026-11-27T22:00:00.000Z" },
      reference_price: {
        price: quote.last_price?.price,
        source: "frozen_last",
        session_date: "2026-11-27",
        at: "2026-11-27T22:00:00.000Z",
      },
    });
    expect(quote.missing).toEqual(expect.arrayContaining(["bid", "ask", "bid_size", "ask_size"]));
    expect(notes).toEqual([
      "The market is closed; opens at Mon 30 Nov 2026 09:30 US/Eastern (15:30 Europe/Berlin). " +
        "Extended hours begin Mon 30 Nov 2026 04:00 US/Eastern (10:00 Europe/Berlin).",
    ]);
    expect(quote.note).toContain("frozen");
  });

  it.each([
    ["the holiday", "2026-11-26T15:00:00Z", "2026-11-25", "2026-11-27T14:30:00.000Z"],
    [
      "the Sunday of the clock change",
      "2026-11-01T12:00:00Z",
      "2026-10-30",
      "2026-11-02T14:30:00.000Z",
    ],
  ])("%s", async (_name, text, last, opens) => {
    const { quote } = await quoteAt(text);
    expect(quote).toMatchObject({
      market: { state: "closed", next_open: opens, last_session_date: last },
      values: { bid: null, ask: null },
      reference_price: { source: "frozen_last", session_date: last },
    });
  });

  it("Monday at three in New York: only the prior close is known, dated by the daily bars", async () => {
    const { quote } = await quoteAt("2026-11-30T08:00:00Z");
    expect(quote).toMatchObject({
      market: { state: "closed", next_open: "2026-11-30T14:30:00.000Z" },
      values: { last: null, bid: null, ask: null },
      last_price: { age: "prior_close", at: "2026-11-27T18:00:00.000Z" },
      reference_price: {
        source: "prior_close",
        session_date: "2026-11-27",
        at: "2026-11-27T18:00:00.000Z",
      },
    });
    expect(quote.missing).toContain("last");
  });

  it("before and after regular hours: live, and the state is named", async () => {
    const early = await quoteAt("2026-11-30T10:00:00Z");
    expect(early.quote).toMatchObject({
      availability: "live",
      market: { state: "pre_market", closes_at: "2026-11-30T14:30:00.000Z" },
      last_price: { age: "live" },
      reference_price: { source: "live_last", session_date: "2026-11-30" },
    });
    expect(early.quote.values.bid).not.toBeNull();
    expect(early.notes[0]).toContain("Pre-market");
    await rig?.close();
    const late = await quoteAt("2026-11-27T18:30:00Z");
    expect(late.quote.market).toMatchObject({
      state: "after_hours",
      closes_at: "2026-11-27T22:00:00.000Z",
      last_session_date: "2026-11-27",
    });
  });

  it("overnight: futures on Sunday evening", async () => {
    const made = await at("2026-11-29T23:30:00Z");
    const { candidates } = await made.ask("contracts.search", { query: "ES", asset_class: "FUT" });
    const future = candidates[0]?.conid ?? ES;
    const { quotes } = await made.ask("market.snapshot", { conids: [future] });
    expect(quotes[0]).toMatchObject({
      market: { state: "overnight", session_date: "2026-11-30", last_session_date: "2026-11-27" },
      reference_price: { source: "live_last", session_date: "2026-11-30" },
    });
  });

  it("a halt: the price before it, and no bid and ask", async () => {
    const { quote, notes } = await quoteAt("2026-11-30T15:00:00Z", { halted: true });
    expect(quote).toMatchObject({
      halted: true,
      market: { state: "halted" },
      values: { bid: null, ask: null },
      last_price: { age: "halted" },
      reference_price: { source: "halted_last", session_date: "2026-11-30" },
    });
    expect(notes[0]).toContain("halted");
  });

  it("placeholders of 0 and -1 are null and missing, in every figure", async () => {
    for (const placeholder of ["-1", "0"] as const) {
      const made = await at("2026-11-28T15:00:00Z");
      made.sim.control.pin(AAPL, { placeholder, traded: false });
      const fields = ["bid", "ask", "open", "high", "low", "last"];
      const { quotes } = await made.ask("market.snapshot", { conids: [AAPL], fields });
      expect(quotes[0]?.values).toEqual(Object.fromEntries(fields.map((field) => [field, null])));
      expect(quotes[0]?.missing).toEqual(fields);
      await made.close();
      rig = undefined;
    }
  });

  it("without the owner's zone the second time is UTC", async () => {
    const made = await startRig({
      startAt: Date.parse("2026-11-28T15:00:00Z"),
      marketHours: "exchange",
    });
    rig = made;
    await made.ready();
    const session = await made.ask("market.session", { conid: AAPL });
    expect(session).toMatchObject({
      state: "closed",
      is_open: false,
      is_extended: false,
      next_trading: "2026-11-30T09:00:00.000Z",
      last_session: { date: "2026-11-27", closed_at: "2026-11-27T18:00:00.000Z" },
    });
    expect(session.meaning).toContain("09:30 US/Eastern (14:30 UTC)");
  });
});

describe("through the MCP endpoint, with what a client is granted by default", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ rateLimits: { SIGN_IN_LIMIT: 1000 } });
  }, 120_000);
  afterAll(() => gateway.close());

  it.each([
    ["2026-11-28T15:00:00Z", "closed", "frozen_last", "2026-11-27"],
    ["2026-11-30T10:00:00Z", "pre_market", "live_last", "2026-11-30"],
    ["2026-11-27T18:30:00Z", "after_hours", "live_last", "2026-11-27"],
  ])("%s is %s", async (text, state, source, date) => {
    const made = await at(text);
    const unpair = await pairPcAt(gateway, made);
    const { tokens } = await clientOf(gateway, BASELINE_SCOPES.join(" "));
    const answer = await modern({ url: gateway.url, token: tokens.access_token }, "tools/call", {
      name: "ibkr_market_snapshot",
      arguments: { conids: [AAPL] },
    });
    await unpair();
    const content = answer.message?.result?.structuredContent;
    expect(content?.quotes?.[0], JSON.stringify(answer.message)).toMatchObject({
      market: { state },
      reference_price: { source, session_date: date },
    });
    expect(content.notes[0]).toContain("US/Eastern (");
    if (state === "closed")
      expect(content.quotes[0].values).toMatchObject({ bid: null, ask: null });
  });
});
