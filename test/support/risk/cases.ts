import type { Contract, Leg } from "@ibkr-edge-gateway/protocol/orders/canonical-order.ts";
import type { TicketQuote } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import { AAPL, aLeg, NOW } from "../orders.ts";

/**
 * Orders whose value at risk was worked out by hand. The contract sizes are those that the exchanges
 * publish: CME Group, CBOT, NYMEX, COMEX, Cboe, Eurex, ICE and the Options Clearing Corporation, each
 * named with its case; the sums beside them are ours.
 */
export interface RiskCase {
  name: string;
  /** Where the size of the contract, or the example itself, is published. */
  source: string;
  leg: Leg;
  market?: Partial<TicketQuote> | null;
  slippageBps?: string | null;
  effect?: "entry" | "exit" | "flip" | null;
  /** By default 1: prices are in the currency. */
  quotedUnits?: string | null;
  /** In the contract's currency; otherwise what is not known. */
  is: string | { missing: string };
  uncoveredCall?: true;
}

export const contract = (over: Partial<Contract>): Contract => ({ ...AAPL, ...over });
export const marketOf = (over: Partial<TicketQuote>, conid = AAPL.conid): TicketQuote => ({
  conid,
  bid: null,
  ask: null,
  last: null,
  prior_close: null,
  availability: "live",
  halted: false,
  at: NOW,
  ...over,
});

const future = (symbol: string, multiplier: string, currency = "USD") =>
  contract({ symbol, asset_class: "FUT", multiplier, currency, expiry: "20261218" });
const option = (right: "C" | "P", strike: string, multiplier = "100", currency = "USD") =>
  contract({ asset_class: "OPT", right, strike, multiplier, currency, expiry: "20261218" });

const buy = (quantity: string, limit_price: string, of: Contract = AAPL): Leg =>
  aLeg({ quantity, limit_price, contract: of });
const sell = (quantity: string, limit_price: string, of: Contract = AAPL): Leg =>
  aLeg({ side: "SELL", quantity, limit_price, contract: of });
const noLimit = (over: Partial<Leg>): Leg => aLeg({ limit_price: null, ...over });

const HAND = "worked by hand";
const OCC = "OCC: one equity option is on 100 shares";
const quote = { bid: "187.2", ask: "187.3", last: "187.25" };

const SHARES: RiskCase[] = [
  { name: "1 share at 187.25", source: HAND, leg: buy("1", "187.25"), is: "187.25" },
  { name: "100 shares at 50", source: HAND, leg: buy("100", "50"), is: "5000" },
  { name: "a fraction of a share", source: HAND, leg: buy("0.5", "187.25"), is: "93.625" },
  { name: "a share of less than a cent", source: HAND, leg: buy("100000", "0.0007"), is: "70" },
  {
    name: "a buyer's limit above the market counts in full",
    source: HAND,
    leg: buy("10", "200"),
    market: quote,
    is: "2000",
  },
  {
    name: "a sale below the market counts at the market's bid",
    source: HAND,
    leg: sell("10", "150"),
    market: quote,
    is: "1872",
  },
  {
    name: "a sale above the market counts at its limit",
    source: HAND,
    leg: sell("10", "200"),
    market: quote,
    is: "2000",
  },
  {
    name: "a sale without any market counts at its limit",
    source: HAND,
    leg: sell("10", "150"),
    market: null,
    is: "1500",
  },
  {
    name: "London: 1000 at 72.50 pence are 725 pounds",
    source:
      "London Stock Exchange: shares are quoted in pence; the case of the broker's what-if of 725.00 GBP",
    leg: buy("1000", "72.5", contract({ symbol: "LLOY", currency: "GBP" })),
    quotedUnits: "100",
    is: "725",
  },
  {
    name: "London in pence, sold short",
    source: "London Stock Exchange: shares are quoted in pence",
    leg: sell("400", "1250", contract({ symbol: "RR", currency: "GBP" })),
    quotedUnits: "100",
    is: "5000",
  },
  {
    name: "Johannesburg: 50 at 18250 cents are 9125 rand",
    source: "Johannesburg Stock Exchange: shares are quoted in cents",
    leg: buy("50", "18250", contract({ symbol: "NPN", currency: "ZAR" })),
    quotedUnits: "100",
    is: "9125",
  },
  {
    name: "Tel Aviv: 10 at 3400 agorot are 340 shekels",
    source: "Tel Aviv Stock Exchange: shares are quoted in agorot",
    leg: buy("10", "3400", contract({ symbol: "LUMI", currency: "ILS" })),
    quotedUnits: "100",
    is: "340",
  },
  {
    name: "a London share whose unit nobody says",
    source: HAND,
    leg: buy("1000", "72.5", contract({ currency: "GBP" })),
    quotedUnits: null,
    is: { missing: "price_unit" },
  },
  {
    name: "a London fund that is quoted in pounds",
    source: HAND,
    leg: buy("10", "72.5", contract({ symbol: "VUSA", currency: "GBP" })),
    quotedUnits: "1",
    is: "725",
  },
  {
    name: "Tokyo: 100 at 2850 yen",
    source: "Japan Exchange Group: a trading unit is 100 shares",
    leg: buy("100", "2850", contract({ symbol: "7203", currency: "JPY" })),
    is: "285000",
  },
];

const UNPRICED: RiskCase[] = [
  {
    name: "a market order to buy: the ask and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "10" }),
    market: quote,
    is: "1891.73",
  },
  {
    name: "a market order to sell: the bid and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "10", side: "SELL" }),
    market: quote,
    is: "1890.72",
  },
  {
    name: "a market order under a collar of 5 %",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "10" }),
    market: quote,
    slippageBps: "500",
    is: "1966.65",
  },
  {
    name: "a market order that no collar bounds",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "10" }),
    market: quote,
    slippageBps: null,
    is: { missing: "price" },
  },
  {
    name: "a market order where the sides are placeholders: the last price and 1 %",
    source: "the broker writes -1 and 0 where a side is not quoted",
    leg: noLimit({ order_type: "MKT", quantity: "50" }),
    market: { bid: "-1", ask: "0", last: "253.4" },
    is: "12796.7",
  },
  {
    name: "a market order to buy without an ask: no less than the bid, whatever traded last, and 1 %",
    source: "an ask is never below the bid",
    leg: noLimit({ order_type: "MKT", quantity: "100" }),
    market: { bid: "0.46", ask: "-1", last: "0.02" },
    is: "46.46",
  },
  {
    name: "a market order to sell without a bid: the ask, not the close of the day before, and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "100", side: "SELL" }),
    market: { bid: "-1", ask: "974.28", last: "-1", prior_close: "590.52" },
    is: "98402.28",
  },
  {
    name: "a sale at the middle of a wide market: up to the ask and 1 %, not the bid",
    source: "IBKR, MidPrice orders: filled at the middle of the market or better",
    leg: noLimit({ order_type: "MIDPRICE", quantity: "100", side: "SELL" }),
    market: { bid: "0.05", ask: "0.25", last: "0.05" },
    is: "25.25",
  },
  {
    name: "a market order in a market that says nothing",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "50" }),
    market: { bid: "-1", ask: "-1", last: "0" },
    is: { missing: "price" },
  },
  {
    name: "a market order judged by another contract's market",
    source: HAND,
    leg: noLimit({ order_type: "MKT", quantity: "50", contract: contract({ conid: 8314 }) }),
    market: quote,
    is: { missing: "price" },
  },
  {
    name: "a stop to buy at 200: its trigger and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "STP", stop_price: "200", quantity: "10" }),
    market: quote,
    is: "2020",
  },
  {
    name: "a stop to buy that the market has passed: the market and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "STP", stop_price: "180", quantity: "10" }),
    market: quote,
    is: "1891.73",
  },
  {
    name: "a stop to sell at 180 with the market at 187.2",
    source: HAND,
    leg: noLimit({ order_type: "STP", stop_price: "180", quantity: "10", side: "SELL" }),
    market: quote,
    is: "1890.72",
  },
  {
    name: "a stop-limit to buy: its limit",
    source: HAND,
    leg: aLeg({ order_type: "STOP_LIMIT", stop_price: "200", limit_price: "205", quantity: "10" }),
    market: quote,
    is: "2050",
  },
  {
    name: "a stop-limit to sell: the highest of limit, stop and market",
    source: HAND,
    leg: aLeg({
      side: "SELL",
      order_type: "STOP_LIMIT",
      stop_price: "180",
      limit_price: "175",
      quantity: "10",
    }),
    market: quote,
    is: "1872",
  },
  {
    name: "trailing by 12.70 to buy: the ask, the distance and 1 %",
    source: HAND,
    leg: noLimit({
      order_type: "TRAIL",
      trailing: { unit: "amount", offset: "12.7" },
      quantity: "10",
    }),
    market: quote,
    is: "2020",
  },
  {
    name: "trailing by 10 % to buy: the ask, a tenth of it and 1 %",
    source: HAND,
    leg: noLimit({
      order_type: "TRAIL",
      trailing: { unit: "percent", offset: "10" },
      quantity: "10",
    }),
    market: quote,
    is: "2080.903",
  },
  {
    name: "trailing to sell: the bid and 1 %",
    source: HAND,
    leg: noLimit({
      side: "SELL",
      order_type: "TRAIL",
      trailing: { unit: "percent", offset: "10" },
      quantity: "10",
    }),
    market: quote,
    is: "1890.72",
  },
  {
    name: "at the midpoint, with a limit to buy",
    source: HAND,
    leg: aLeg({ order_type: "MIDPRICE", limit_price: "188", quantity: "10" }),
    market: quote,
    is: "1880",
  },
  {
    name: "at the midpoint without a limit: the ask and 1 %",
    source: HAND,
    leg: noLimit({ order_type: "MIDPRICE", quantity: "10" }),
    market: quote,
    is: "1891.73",
  },
  {
    name: "1,000 dollars' worth",
    source: "a cash quantity is the amount that is spent",
    leg: noLimit({ order_type: "MKT", quantity: null, cash_quantity: "1000" }),
    market: quote,
    is: "1000",
  },
  {
    name: "an amount of money of an option",
    source: HAND,
    leg: noLimit({
      order_type: "MKT",
      quantity: null,
      cash_quantity: "1000",
      contract: option("C", "200"),
    }),
    market: quote,
    is: { missing: "quantity" },
  },
];

const OPTIONS: RiskCase[] = [
  {
    name: "3 calls bought at 2.50",
    source: OCC,
    leg: buy("3", "2.5", option("C", "200")),
    is: "750",
  },
  {
    name: "3 puts bought at 2.50",
    source: OCC,
    leg: buy("3", "2.5", option("P", "180")),
    is: "750",
  },
  {
    name: "100 puts of strike 500 sold at 0.05",
    source: OCC,
    leg: sell("100", "0.05", option("P", "500")),
    is: "5000000",
  },
  {
    name: "1 put of strike 50 sold: 5,000 to buy the shares",
    source:
      "Options Industry Council, cash-secured put: the strike for each of 100 shares is set aside",
    leg: sell("1", "2", option("P", "50")),
    is: "5000",
  },
  {
    name: "a put sold by a market order counts by its strike, with no market",
    source: OCC,
    leg: noLimit({ side: "SELL", order_type: "MKT", quantity: "2", contract: option("P", "180") }),
    market: null,
    is: "36000",
  },
  {
    name: "a put that nobody can classify counts as sold to open",
    source: OCC,
    leg: sell("1", "2.5", option("P", "180")),
    effect: null,
    is: "18000",
  },
  {
    name: "a sale of 10 puts of which 4 are held counts as 10 opened",
    source: OCC,
    leg: sell("10", "2.5", option("P", "180")),
    effect: "flip",
    is: "180000",
  },
  {
    name: "3 puts that are held, sold at 2.50",
    source: OCC,
    leg: sell("3", "2.5", option("P", "180")),
    effect: "exit",
    is: "750",
  },
  {
    name: "3 calls that are held, sold at 2.50",
    source: OCC,
    leg: sell("3", "2.5", option("C", "200")),
    effect: "exit",
    is: "750",
  },
  {
    name: "2 short puts bought back at 12",
    source: OCC,
    leg: buy("2", "12", option("P", "180")),
    effect: "exit",
    is: "2400",
  },
  {
    name: "1 call of strike 200 sold at 2.50: counted as 202.50 a share",
    source: OCC,
    leg: sell("1", "2.5", option("C", "200")),
    is: "20250",
    uncoveredCall: true,
  },
  {
    name: "a call deep in the money: strike 50 sold at 150",
    source: OCC,
    leg: sell("1", "150", option("C", "50")),
    is: "20000",
    uncoveredCall: true,
  },
  {
    name: "a call sold without a market or a limit",
    source: OCC,
    leg: noLimit({ side: "SELL", order_type: "MKT", contract: option("C", "200") }),
    market: null,
    is: { missing: "price" },
    uncoveredCall: true,
  },
  {
    name: "an option whose right nobody says, sold",
    source: HAND,
    leg: sell("1", "2.5", contract({ asset_class: "OPT", multiplier: "100", strike: "180" })),
    is: { missing: "contract_terms" },
    uncoveredCall: true,
  },
  {
    name: "a put whose strike nobody says, sold",
    source: HAND,
    leg: sell("1", "2.5", contract({ asset_class: "OPT", multiplier: "100", right: "P" })),
    is: { missing: "contract_terms" },
  },
  {
    name: "SPX: 1 put of strike 5000 sold at 40",
    source: "Cboe, S&P 500 index options: multiplier 100 USD",
    leg: sell("1", "40", option("P", "5000")),
    is: "500000",
  },
  {
    name: "XSP: 1 put of strike 500 sold at 4",
    source: "Cboe, Mini-SPX options: a tenth of SPX, multiplier 100 USD",
    leg: sell("1", "4", option("P", "500")),
    is: "50000",
  },
  {
    name: "VIX: 10 calls bought at 1.85",
    source: "Cboe, VIX options: multiplier 100 USD",
    leg: buy("10", "1.85", option("C", "25")),
    is: "1850",
  },
  {
    name: "an option on 10 shares, put of strike 180 sold",
    source: "OCC: an adjusted contract may deliver another number of shares",
    leg: sell("1", "2.5", option("P", "180", "10")),
    is: "1800",
  },
  {
    name: "Eurex: 2 index puts of strike 4500 sold at 60",
    source: "Eurex, EURO STOXX 50 index options: 10 EUR a point",
    leg: sell("2", "60", option("P", "4500", "10", "EUR")),
    is: "90000",
  },
  {
    name: "an option of multiplier 0",
    source: HAND,
    leg: buy("1", "2.5", option("C", "200", "0")),
    is: { missing: "contract_terms" },
  },
];

const FUTURES: RiskCase[] = [
  {
    name: "ES at 4500",
    source: "CME Group, E-mini S&P 500: 50 USD a point",
    leg: buy("1", "4500", future("ES", "50")),
    is: "225000",
  },
  {
    name: "ES sold at 4500",
    source: "CME Group, E-mini S&P 500: 50 USD a point",
    leg: sell("1", "4500", future("ES", "50")),
    is: "225000",
  },
  {
    name: "2 MES at 4500",
    source: "CME Group, Micro E-mini S&P 500: 5 USD a point",
    leg: buy("2", "4500", future("MES", "5")),
    is: "45000",
  },
  {
    name: "NQ at 15000",
    source: "CME Group, E-mini Nasdaq-100: 20 USD a point",
    leg: buy("1", "15000", future("NQ", "20")),
    is: "300000",
  },
  {
    name: "MNQ at 15000",
    source: "CME Group, Micro E-mini Nasdaq-100: 2 USD a point",
    leg: buy("1", "15000", future("MNQ", "2")),
    is: "30000",
  },
  {
    name: "RTY at 2000",
    source: "CME Group, E-mini Russell 2000: 50 USD a point",
    leg: buy("1", "2000", future("RTY", "50")),
    is: "100000",
  },
  {
    name: "YM at 38000",
    source: "CBOT, E-mini Dow: 5 USD a point",
    leg: buy("1", "38000", future("YM", "5")),
    is: "190000",
  },
  {
    name: "CL at 80",
    source: "NYMEX, Crude Oil: 1,000 barrels",
    leg: buy("1", "80", future("CL", "1000")),
    is: "80000",
  },
  {
    name: "3 MCL sold at 80",
    source: "NYMEX, Micro WTI Crude Oil: 100 barrels",
    leg: sell("3", "80", future("MCL", "100")),
    is: "24000",
  },
  {
    name: "NG at 2.5",
    source: "NYMEX, Henry Hub Natural Gas: 10,000 million British thermal units",
    leg: buy("1", "2.5", future("NG", "10000")),
    is: "25000",
  },
  {
    name: "GC at 2000",
    source: "COMEX, Gold: 100 troy ounces",
    leg: buy("1", "2000", future("GC", "100")),
    is: "200000",
  },
  {
    name: "SI at 25",
    source: "COMEX, Silver: 5,000 troy ounces",
    leg: buy("1", "25", future("SI", "5000")),
    is: "125000",
  },
  {
    name: "HG at 3.85",
    source: "COMEX, Copper: 25,000 pounds",
    leg: buy("2", "3.85", future("HG", "25000")),
    is: "192500",
  },
  {
    name: "ZC at 450 cents a bushel",
    source: "CBOT, Corn: 5,000 bushels, quoted in cents",
    leg: buy("1", "450", future("ZC", "5000")),
    quotedUnits: "100",
    is: "22500",
  },
  {
    name: "ZC whose unit nobody says",
    source: "CBOT, Corn: 5,000 bushels, quoted in cents",
    leg: buy("1", "450", future("ZC", "5000")),
    quotedUnits: null,
    is: { missing: "price_unit" },
  },
  {
    name: "ZS sold at 1200 cents a bushel",
    source: "CBOT, Soybeans: 5,000 bushels, quoted in cents",
    leg: sell("1", "1200", future("ZS", "5000")),
    quotedUnits: "100",
    is: "60000",
  },
  {
    name: "LE at 175 cents a pound",
    source: "CME Group, Live Cattle: 40,000 pounds, quoted in cents",
    leg: buy("1", "175", future("LE", "40000")),
    quotedUnits: "100",
    is: "70000",
  },
  {
    name: "ZN at 110.5",
    source: "CBOT, 10-Year T-Note: 1,000 USD a point",
    leg: buy("1", "110.5", future("ZN", "1000")),
    is: "110500",
  },
  {
    name: "6E at 1.085",
    source: "CME Group, Euro FX: 125,000 EUR",
    leg: buy("1", "1.085", future("6E", "125000")),
    is: "135625",
  },
  {
    name: "VX at 18",
    source: "Cboe, VIX futures: 1,000 USD a point",
    leg: buy("1", "18", future("VX", "1000")),
    is: "18000",
  },
  {
    name: "FDAX at 17000",
    source: "Eurex, DAX futures: 25 EUR a point",
    leg: buy("1", "17000", future("FDAX", "25", "EUR")),
    is: "425000",
  },
  {
    name: "FESX at 4500",
    source: "Eurex, EURO STOXX 50 futures: 10 EUR a point",
    leg: buy("1", "4500", future("FESX", "10", "EUR")),
    is: "45000",
  },
  {
    name: "FGBL at 132.5",
    source: "Eurex, Euro-Bund futures: 1,000 EUR a point",
    leg: buy("1", "132.5", future("FGBL", "1000", "EUR")),
    is: "132500",
  },
  {
    name: "Z at 7500",
    source: "ICE Futures Europe, FTSE 100 index: 10 GBP a point",
    leg: buy("1", "7500", future("Z", "10", "GBP")),
    quotedUnits: "1",
    is: "75000",
  },
  {
    name: "CL bought at the market of minus 37.63: nothing says how far below zero it may fall",
    source: "NYMEX, the settlement of May 2020 crude oil on 20 April 2020",
    leg: noLimit({ order_type: "MKT", contract: future("CL", "1000") }),
    market: { bid: "-37.65", ask: "-37.63", last: "-37.63" },
    is: { missing: "price" },
  },
  {
    name: "CL bought at 5 or less, with the market below zero",
    source: "NYMEX, as above",
    leg: buy("1", "5", future("CL", "1000")),
    market: { bid: "-37.65", ask: "-37.63", last: "-37.63" },
    is: { missing: "price" },
  },
  {
    name: "CL sold from what is held at the market of minus 37.63: what changes hands, and 1 %",
    source: "NYMEX, as above",
    leg: noLimit({ order_type: "MKT", side: "SELL", contract: future("CL", "1000") }),
    market: { bid: "-37.63", ask: "-37.61", last: "-37.63" },
    effect: "exit",
    is: "38006.3",
  },
];

export const RISK_CASES: RiskCase[] = [...SHARES, ...UNPRICED, ...OPTIONS, ...FUTURES];
