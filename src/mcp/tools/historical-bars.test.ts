import { describe, expect, it } from "vitest";
import { answers } from "../../../test/support/scripted-exchange.ts";
import { asks, refusal } from "../../../test/support/tool-input.ts";
import { callTool } from "../call-tool.ts";
import { historicalBars } from "./historical-bars.ts";

describe("ibkr_historical_bars", () => {
  const asked = { conid: "265598", bar: "1d", period: "6m" };

  it("takes a bar, a period and the end of the window", () => {
    expect(asks(historicalBars, { ...asked, end: "2026-11-20T00:00:00Z" })).toEqual({
      conid: 265598,
      bar: "1d",
      period: "6m",
      end: "2026-11-20T00:00:00Z",
      outside_rth: false,
    });
  });

  it("refuses what the broker does not know", () => {
    refusal(historicalBars, { ...asked, bar: "7min" });
    for (const period of ["0d", "6", "six months", "1.5y", "10000d"]) {
      refusal(historicalBars, { ...asked, period });
    }
    refusal(historicalBars, { ...asked, end: "yesterday" });
    refusal(historicalBars, { ...asked, end: "2026-11-20T00:00:00+01:00" });
  });

  it("shows the newest 200 and the older ones page by page, each bar once", async () => {
    const day = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 60_000).toISOString();
    const bars = Array.from({ length: 450 }, (_, at) => ({
      at: day(at),
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
      as_of: day(450),
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
});
