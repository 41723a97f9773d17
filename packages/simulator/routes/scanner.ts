import {
  answer,
  badRequest,
  fieldsOf,
  ok,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { isFields, type WireJson } from "../json.ts";
import type { Instrument } from "../market/instrument.ts";
import type { Simulator } from "../simulator.ts";

const SCANS: readonly { name: string; code: string; instruments: readonly string[] }[] = [
  { name: "Top % Gainers", code: "TOP_PERC_GAIN", instruments: ["STK", "ETF.EQ.US", "FUT.US"] },
  { name: "Top % Losers", code: "TOP_PERC_LOSE", instruments: ["STK", "ETF.EQ.US"] },
  { name: "Most Active", code: "MOST_ACTIVE", instruments: ["STK", "ETF.EQ.US"] },
  { name: "Hot by Price", code: "HOT_BY_PRICE", instruments: ["STK", "ETF.EQ.US"] },
  { name: "Hot by Volume", code: "HOT_BY_VOLUME", instruments: ["STK", "ETF.EQ.US"] },
  { name: "Highest Option Imp Vol", code: "HIGH_OPT_IMP_VOLAT", instruments: ["STK"] },
];

const FILTERS: readonly { group: string; name: string; code: string; least: boolean }[] = [
  { group: "Price", name: "Price Greater Than", code: "priceAbove", least: true },
  { group: "Price", name: "Price Less Than", code: "priceBelow", least: false },
  { group: "Change", name: "Change % Above", code: "changePercAbove", least: true },
  { group: "Change", name: "Change % Below", code: "changePercBelow", least: false },
  { group: "Volume", name: "Volume Above", code: "volumeAbove", least: true },
];

const PARAMETERS = {
  scan_type_list: SCANS.map(({ name, code, instruments }) => ({
    display_name: name,
    code,
    instruments,
  })),
  instrument_list: [
    { display_name: "US Stocks", type: "STK", filters: FILTERS.map(({ code }) => code) },
    { display_name: "US Equity ETFs", type: "ETF.EQ.US", filters: FILTERS.map(({ code }) => code) },
  ],
  filter_list: FILTERS.map(({ group, name, code }) => ({
    group,
    display_name: name,
    code,
    type: "range",
  })),
  location_tree: [
    {
      display_name: "US Stocks",
      type: "STK.US",
      locations: [
        { display_name: "US Major", type: "STK.US.MAJOR", locations: null },
        { display_name: "US Minor", type: "STK.US.MINOR", locations: null },
      ],
    },
    {
      display_name: "US Equity ETFs",
      type: "ETF.EQ.US",
      locations: [{ display_name: "US Major", type: "ETF.EQ.US.MAJOR", locations: null }],
    },
  ],
};

const MOST_ROWS = 50;

function run(sim: Simulator, request: SimRequest): SimAnswer {
  const body = fieldsOf(request);
  const scan = SCANS.find(({ code }) => code === body.type);
  const wanted = body.instrument;
  if (typeof wanted !== "string" || typeof body.location !== "string") {
    return badRequest("instrument and location are required");
  }
  if (scan === undefined || !scan.instruments.includes(wanted)) {
    return answer(500, { error: "Internal Server Error", statusCode: 500 });
  }
  const rows = sim.market.listed
    .filter(
      (one) => one.secType === "STK" && one.isUS && (one.type === "ETF") === (wanted !== "STK"),
    )
    .map((one) => ({ one, figure: figureOf(sim, scan.code, one) }))
    .filter(({ one }) => passes(sim, one, body.filter))
    .sort((one, other) => other.figure - one.figure)
    .slice(0, MOST_ROWS);
  if (scan.code === "TOP_PERC_LOSE") rows.reverse();
  return ok({
    contracts: rows.map(({ one }, index) => row(one, index)),
    scan_data_column_name: "Chg%",
  });
}

function changePercent(sim: Simulator, one: Instrument): number {
  const quote = sim.market.quote(one);
  return quote.last.div(quote.previousClose).minus(1).mul(100).toNumber();
}

function figureOf(sim: Simulator, code: string, one: Instrument): number {
  if (code === "HIGH_OPT_IMP_VOLAT") return one.volatility;
  if (code === "MOST_ACTIVE" || code === "HOT_BY_VOLUME") return sim.market.quote(one).volume;
  return changePercent(sim, one);
}

function passes(sim: Simulator, one: Instrument, filters: unknown): boolean {
  if (!Array.isArray(filters)) return true;
  return filters.every((filter: unknown) => {
    if (!isFields(filter)) return true;
    const known = FILTERS.find(({ code }) => code === filter.code);
    const limit = Number(filter.value);
    if (known === undefined || !Number.isFinite(limit)) return true;
    const quote = sim.market.quote(one);
    const figure =
      known.group === "Price"
        ? quote.last.toNumber()
        : known.group === "Volume"
          ? quote.volume
          : changePercent(sim, one);
    return known.least ? figure >= limit : figure <= limit;
  });
}

function row(one: Instrument, index: number): WireJson {
  return {
    server_id: String(index),
    column_name: index === 0 ? "Chg%" : undefined,
    symbol: one.symbol,
    conidex: String(one.conid),
    con_id: one.conid,
    available_chart_periods: "#R|1",
    company_name: one.name,
    contract_description_1: one.symbol,
    listing_exchange: one.exchange,
    sec_type: one.secType,
  };
}

export const scannerRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/iserver/scanner/params",
    needs: "brokerage",
    handle: () => ok(PARAMETERS),
  },
  { method: "POST", pattern: "/iserver/scanner/run", needs: "brokerage", handle: run },
];
