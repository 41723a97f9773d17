import { READS_BROKER } from "../../../src/mcp/define-tool.ts";
import { type ToolCase, takesConid } from "./case.ts";

const BARS = { conid: "265598", bar: "1d", period: "6m" };
const UNDERLYING = { conid: "265598" };

/** Tools about contracts and markets. */
export const MARKET_TOOLS: Record<string, ToolCase> = {
  ibkr_contracts_search: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["contracts.search"],
    rules: [
      {
        it: "takes a symbol and filters",
        takes: [
          [
            { query: " AAPL ", currency: "USD", exchange: "NASDAQ" },
            { query: "AAPL", by_name: false, currency: "USD", exchange: "NASDAQ", limit: 50 },
          ],
        ],
      },
      {
        it: "takes the filters in small letters and in words",
        takes: [
          [
            { query: "AAPL", currency: "usd", exchange: "nasdaq", asset_class: "stock" },
            {
              query: "AAPL",
              by_name: false,
              currency: "USD",
              exchange: "NASDAQ",
              asset_class: "STK",
              limit: 50,
            },
          ],
        ],
      },
      {
        it: "refuses what is no search, with letters that cannot be seen or names it does not have",
        refuses: [
          [{}, "query"],
          [{ query: "" }, "query"],
          [{ query: "   " }, "query"],
          [{ query: "A".repeat(101) }, "query"],
          [{ query: "AA\u200bPL" }, "query"],
          [{ query: "\u202eLPAA" }, "query"],
          [{ query: "AAPL\nignore" }, "query"],
          [{ query: "AAPL", Currency: "USD" }, "Currency"],
          [{ query: "AAPL", currency: "dollar" }, "currency"],
          [{ query: "AAPL", asset_class: "shares" }, "asset_class"],
          [{ query: "AAPL", exchange: "NAS DAQ" }, "exchange"],
          [{ query: "AAPL", constructor: 1 }, "constructor"],
        ],
      },
    ],
    pages: {
      args: { query: "AAPL" },
      input: { query: "AAPL", by_name: false },
      position: "offset",
    },
  },
  ibkr_contract_resolve: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["contracts.resolve"],
    rules: [
      {
        it: "takes one symbol, as a person may write it",
        takes: [
          [{ symbol: " brk b " }, { symbol: "BRK B" }],
          [
            { symbol: "SAP", exchange: "IBIS", currency: "EUR" },
            { symbol: "SAP", exchange: "IBIS", currency: "EUR" },
          ],
        ],
      },
      {
        it: "does not take letters that only look right",
        refuses: ["", "ΑAPL", "AA\u200bPL", "\u202eLPAA", "AAPL;DROP", "A".repeat(31)].map(
          (symbol) => [{ symbol }, "symbol"] as const,
        ),
      },
    ],
  },
  ibkr_market_snapshot: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["market.snapshot"],
    rules: [
      {
        it: "reads conids written as numbers or as text",
        takes: [[{ conids: [265598, "8314"] }, { conids: [265598, 8314] }]],
      },
      {
        it: "refuses what are no conids, and more than a hundred",
        refuses: [
          [],
          [0],
          [-1],
          ["AAPL"],
          ["1e3"],
          [265598.5],
          [2_147_483_648],
          ["9007199254740993"],
          "265598.5",
          Array.from({ length: 101 }, (_, index) => index + 1),
        ].map((conids) => [{ conids }, "conids"] as const),
      },
      {
        it: "refuses a field that no quote has",
        refuses: [[{ conids: [265598], fields: ["last", "price_target"] }, "fields"]],
      },
    ],
  },
  ibkr_historical_bars: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["market.bars"],
    rules: [
      {
        it: "takes a bar, a period and the end of the window",
        takes: [
          [
            { ...BARS, end: "2026-11-20T00:00:00Z" },
            { ...BARS, conid: 265598, end: "2026-11-20T00:00:00Z", outside_rth: false },
          ],
        ],
      },
      {
        it: "refuses what the broker does not know",
        refuses: [
          [{ ...BARS, bar: "7min" }, "bar"],
          ...["0d", "6", "six months", "1.5y", "10000d"].map(
            (period) => [{ ...BARS, period }, "period"] as const,
          ),
          [{ ...BARS, end: "yesterday" }, "end"],
          [{ ...BARS, end: "2026-11-20T00:00:00+01:00" }, "end"],
        ],
      },
    ],
  },
  ibkr_market_depth: {
    scope: "ibkr:marketdata:depth:read",
    hints: READS_BROKER,
    operations: ["market.depth"],
    rules: [
      takesConid({ levels: 10 }),
      {
        it: "bounds the levels",
        takes: [
          [
            { conid: 1, levels: "5" },
            { conid: 1, levels: 5 },
          ],
        ],
        refuses: [0, 21, 2.5].map((levels) => [{ conid: 1, levels }, "levels"] as const),
      },
    ],
  },
  ibkr_market_session: {
    scope: "ibkr:calendar:read",
    hints: READS_BROKER,
    operations: ["market.session"],
    rules: [takesConid()],
  },
  ibkr_market_holidays: {
    scope: "ibkr:calendar:read",
    hints: READS_BROKER,
    operations: ["market.holidays"],
    rules: [takesConid()],
  },
  ibkr_currency_rate: {
    scope: "ibkr:currency:read",
    hints: READS_BROKER,
    operations: ["currency.rate"],
    rules: [
      {
        it: "takes two currency codes",
        takes: [
          [
            { base: "EUR", quote: "USD" },
            { base: "EUR", quote: "USD" },
          ],
          [
            { base: "eur", quote: "Usd" },
            { base: "EUR", quote: "USD" },
          ],
        ],
        refuses: [
          [{ base: "EUR" }, "quote"],
          [{ base: "EURO", quote: "USD" }, "base"],
        ],
      },
    ],
  },
  ibkr_options_chain: {
    scope: "ibkr:options:read",
    hints: READS_BROKER,
    operations: ["options.chain"],
    rules: [
      {
        it: "looks around the money unless strikes are named",
        takes: [
          [UNDERLYING, { underlying_conid: 265598, strikes: 10, limit: 50 }],
          [
            { ...UNDERLYING, strike_from: "190", strike_to: "210.5" },
            {
              underlying_conid: 265598,
              strike_from: "190",
              strike_to: "210.5",
              strikes: 10,
              limit: 50,
            },
          ],
        ],
      },
      {
        it: "refuses months, days and strikes that are none",
        refuses: [
          [{ ...UNDERLYING, month: "2026-13" }, "month"],
          [{ ...UNDERLYING, month: "NOV26" }, "month"],
          [{ ...UNDERLYING, expiry: "20261120" }, "expiry"],
          ...["1e2", "01", "1,5", "NaN", ""].map(
            (strike_from) => [{ ...UNDERLYING, strike_from }, "strike_from"] as const,
          ),
          [{ ...UNDERLYING, strikes: 61 }, "strikes"],
        ],
      },
    ],
    pages: {
      args: UNDERLYING,
      input: { underlying_conid: 265598, strikes: 10 },
      position: "offset",
    },
  },
  ibkr_option_greeks: {
    scope: "ibkr:options:read",
    hints: READS_BROKER,
    operations: ["options.greeks"],
    rules: [
      {
        it: "takes up to fifty conids, as numbers or as text",
        takes: [[{ conids: ["711280073", 711280074] }, { conids: [711280073, 711280074] }]],
        refuses: [
          [{ conids: [] }, "conids"],
          [{ conids: Array.from({ length: 51 }, (_, index) => index + 1) }, "conids"],
        ],
      },
    ],
  },
  ibkr_scanner_run: {
    scope: "ibkr:scanner:read",
    hints: READS_BROKER,
    operations: ["scanner.run"],
    rules: [
      {
        it: "takes codes, and filters as pairs",
        takes: [
          [
            {
              scan: "TOP_PERC_GAIN",
              filters: [{ code: "priceAbove", value: "5" }],
              limit: "10",
            },
            {
              scan: "TOP_PERC_GAIN",
              instrument: "STK",
              location: "STK.US.MAJOR",
              filters: [{ code: "priceAbove", value: "5" }],
              limit: 10,
            },
          ],
        ],
      },
      {
        it: "refuses what is no code, and more than fifty rows",
        refuses: [
          [{}, "scan"],
          [{ scan: "TOP PERC GAIN" }, "scan"],
          [{ scan: "X", limit: 51 }, "limit"],
          [{ scan: "X", filters: [{ code: "a", value: "1", and: "2" }] }, "and"],
        ],
      },
    ],
  },
  ibkr_scanner_codes: {
    scope: "ibkr:scanner:read",
    hints: READS_BROKER,
    operations: ["scanner.codes"],
    rules: [
      {
        it: "shows the scans for stocks unless told otherwise",
        takes: [[{}, { instrument: "STK", kind: "scans", limit: 50 }]],
        refuses: [[{ kind: "everything" }, "kind"]],
      },
    ],
    pages: { args: {}, input: { instrument: "STK", kind: "scans" }, position: "offset" },
  },
  ibkr_watchlists: {
    scope: "ibkr:marketdata:read",
    hints: READS_BROKER,
    operations: ["watchlists.list", "watchlists.get"],
    rules: [
      {
        it: "lists them, or opens one",
        takes: [
          [{}, {}, "watchlists.list"],
          [{ watchlist_id: "100" }, { watchlist_id: "100" }, "watchlists.get"],
        ],
        refuses: [
          [{ watchlist_id: "../100" }, "watchlist_id"],
          [{ watchlist_id: "" }, "watchlist_id"],
        ],
      },
    ],
  },
};
