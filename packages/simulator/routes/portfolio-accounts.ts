import {
  answer,
  empty,
  failed,
  ok,
  parameter,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { type Balance, balances, margins } from "../state/valuation.ts";
import { ownAccount } from "./iserver-accounts.ts";
import { allocation } from "./portfolio-allocation.ts";

/** The portfolio's answers about accounts and money; positions are in a file of their own. */

export function describeAccount(sim: Simulator, account: Account): WireJson {
  return {
    id: account.id,
    "PrepaidCrypto-Z": false,
    "PrepaidCrypto-P": false,
    brokerageAccess: false,
    accountId: account.id,
    accountVan: account.id,
    accountTitle: account.title,
    displayName: account.title,
    accountAlias: null,
    accountStatus: 1769922000000,
    currency: account.baseCurrency,
    type: sim.world.sso.user?.isPaper === true ? "DEMO" : "INDIVIDUAL",
    tradingType: "STKNOPT",
    businessType: "INDEPENDENT",
    category: "",
    ibEntity: "IBLLC-US",
    [sim.behaviours.drift.faClientKey]: false,
    clearingStatus: "O",
    covestor: false,
    noClientTrading: false,
    trackVirtualFXPortfolio: false,
    acctCustType: "INDIVIDUAL",
    parent: { mmc: [], accountId: "", isMParent: false, isMChild: false, isMultiplex: false },
    desc: account.id,
  };
}

/** Runs `handle` for an account of this login; any other id gets the portfolio's 401. */
export function withAccount(
  handle: (sim: Simulator, account: Account, request: SimRequest) => SimAnswer,
): SimRoute["handle"] {
  return (sim, request) => {
    if (!sim.world.sso.portfolioAccountsRead && sim.behaviours.coldReads.accountsFirst) {
      return failed(
        sim.behaviours.coldReads.accountsFirstStatus,
        "Bad Request: Please query /accounts first",
      );
    }
    const account = ownAccount(sim, parameter(request, "account"));
    return account === undefined ? empty(401) : handle(sim, account, request);
  };
}

function list(sim: Simulator): WireJson[] {
  sim.world.sso.portfolioAccountsRead = true;
  const ids = sim.world.sso.user?.accountIds ?? [];
  return ids.flatMap((id) => {
    const account = sim.world.accounts.get(id);
    return account === undefined ? [] : [describeAccount(sim, account)];
  });
}

function ledgerRow(
  account: Account,
  currency: string,
  balance: Balance,
  interest: number,
  at: number,
): WireJson {
  const zero = double(0);
  return {
    commoditymarketvalue: zero,
    futuremarketvalue: double(balance.futuresPnl.toDP(2)),
    settledcash: double(balance.cash.toDP(2)),
    exchangerate: currency === "USD" || currency === "BASE" ? 1 : double(balance.rate.toDP(7)),
    sessionid: 1,
    cashbalance: double(balance.cash.toDP(2)),
    corporatebondsmarketvalue: zero,
    warrantsmarketvalue: zero,
    netliquidationvalue: double(balance.net.toDP(2)),
    interest: double(interest),
    unrealizedpnl: double(balance.unrealized.toDP(2)),
    stockmarketvalue: double(balance.shares.toDP(2)),
    moneyfunds: zero,
    currency,
    realizedpnl: double(balance.realized.toDP(2)),
    funds: zero,
    acctcode: account.id,
    issueroptionsmarketvalue: zero,
    key: "LedgerList",
    timestamp: Math.floor(at / 1000),
    severity: 0,
    stockoptionmarketvalue: double(balance.options.toDP(2)),
    futuresonlypnl: double(balance.futuresPnl.toDP(2)),
    tbondsmarketvalue: zero,
    futureoptionmarketvalue: zero,
    cashbalancefxsegment: zero,
    secondkey: currency,
    tbillsmarketvalue: zero,
    endofbundle: 1,
    dividends: zero,
    cryptocurrencyvalue: double(balance.coins.toDP(2)),
  };
}

/** The ledger, which knows of a fill at once. */
export function ledgerOf(sim: Simulator, account: Account): { [currency: string]: WireJson } {
  const { byCurrency, base } = balances(sim.market, account);
  const at = sim.clock.now();
  const rows: { [currency: string]: WireJson } = {};
  for (const [currency, balance] of byCurrency) {
    const interest = currency === account.baseCurrency ? account.interest.toNumber() : 0;
    rows[currency] = ledgerRow(account, currency, balance, interest, at);
  }
  rows.BASE = ledgerRow(account, "BASE", base, account.interest.toNumber(), at);
  return rows;
}

/** The summary: figures by name, with `-s` for securities and `-c` for commodities. */
export function summaryRows(sim: Simulator, account: Account): { [key: string]: WireJson } {
  const margin = margins(sim.market, account);
  const { base } = balances(sim.market, account);
  const timestamp = Math.floor(sim.clock.now() / 1000);
  const rows: { [key: string]: WireJson } = {};
  const text = (key: string, value: string | null): void => {
    rows[key] = {
      amount: double(0),
      currency: null,
      isNull: value === null,
      timestamp,
      value,
      severity: 0,
    };
  };
  const figure = (key: string, value: { toDP(places: number): { toNumber(): number } }): void => {
    const amount = value.toDP(2).toNumber();
    rows[key] = {
      amount: double(amount),
      currency: account.baseCurrency,
      isNull: false,
      timestamp,
      value: String(amount),
      severity: 0,
    };
  };
  text("accountcode", account.id);
  text("accountready", "true");
  text("accounttype", "INDIVIDUAL");
  text("segmenttitle-s", "US Securities");
  text("segmenttitle-c", "US Commodities");
  text("tradingtype-s", "STKNOPT");
  text("daytradesremaining", "-1");
  text("nlvandmargininreview", "false");
  text("cushion", margin.net.isZero() ? null : margin.excess.div(margin.net).toDP(6).toString());
  const both: [string, Parameters<typeof figure>[1]][] = [
    ["accruedcash", account.interest],
    ["availablefunds", margin.available],
    ["equitywithloanvalue", margin.loan],
    ["excessliquidity", margin.excess],
    ["fullavailablefunds", margin.available],
    ["fullexcessliquidity", margin.excess],
    ["fullinitmarginreq", margin.initial],
    ["fullmaintmarginreq", margin.maintenance],
    ["initmarginreq", margin.initial],
    ["lookaheadavailablefunds", margin.available],
    ["lookaheadexcessliquidity", margin.excess],
    ["lookaheadinitmarginreq", margin.initial],
    ["lookaheadmaintmarginreq", margin.maintenance],
    ["maintmarginreq", margin.maintenance],
    ["netliquidation", margin.net],
    ["totalcashvalue", base.cash],
  ];
  for (const [key, value] of both) {
    figure(key, value);
    figure(`${key}-s`, value);
    figure(`${key}-c`, base.futuresPnl.mul(0));
  }
  figure("buyingpower", margin.buyingPower);
  figure("grosspositionvalue", margin.gross);
  figure("grosspositionvalue-s", margin.gross);
  figure("regtmargin", margin.regT);
  figure("regtmargin-s", margin.regT);
  figure("sma", margin.loan.minus(margin.regT));
  figure("previousdayequitywithloanvalue", account.previousEquity);
  return rows;
}

function consolidated(sim: Simulator, request: SimRequest): SimAnswer {
  const body = request.body;
  const wanted =
    typeof body === "object" && body !== null && "acctIds" in body ? body.acctIds : undefined;
  if (!Array.isArray(wanted) || wanted.length === 0)
    return failed(400, "Bad Request: acctIds is required");
  const accounts: Account[] = [];
  for (const id of wanted) {
    const account = ownAccount(sim, String(id));
    if (account === undefined) return answer(401, { error: "Unauthorized", statusCode: 401 });
    accounts.push(account);
  }
  return allocation(sim, accounts);
}

export const portfolioRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/portfolio/:account/combo/positions",
    needs: "sso",
    handle: withAccount(() => ok([])),
  },
  { method: "GET", pattern: "/portfolio/accounts", needs: "sso", handle: (sim) => ok(list(sim)) },
  {
    method: "GET",
    pattern: "/portfolio/subaccounts",
    needs: "sso",
    handle: (sim) => ok(list(sim)),
  },
  {
    method: "GET",
    pattern: "/portfolio/subaccounts2",
    needs: "sso",
    handle: (sim) => ok(list(sim)),
  },
  { method: "POST", pattern: "/portfolio/allocation", needs: "sso", handle: consolidated },
  {
    method: "GET",
    pattern: "/portfolio/:account/meta",
    needs: "sso",
    handle: withAccount((sim, account) => ok(describeAccount(sim, account))),
  },
  {
    method: "GET",
    pattern: "/portfolio/:account/summary",
    needs: "sso",
    handle: withAccount((sim, account) => ok(summaryRows(sim, account))),
  },
  {
    method: "GET",
    pattern: "/portfolio/:account/ledger",
    needs: "sso",
    handle: withAccount((sim, account) => ok(ledgerOf(sim, account))),
  },
  {
    method: "GET",
    pattern: "/portfolio/:account/allocation",
    needs: "sso",
    handle: withAccount((sim, account) => allocation(sim, [account])),
  },
];
