import type { Decimal } from "decimal.js";
import { failed, ok, parameter, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { type Balance, balances, margins } from "../state/valuation.ts";
import { ownAccount } from "./iserver-accounts.ts";

/** The brokerage side's own figures: numbers in one answer, formatted text in four. */

type Handler = (sim: Simulator, account: Account) => WireJson;

function forAccount(handle: Handler): SimRoute["handle"] {
  return (sim: Simulator, request: SimRequest): SimAnswer => {
    const id = parameter(request, "account");
    const account = ownAccount(sim, id);
    return account === undefined
      ? failed(400, `accountId is not valid: ${id}`)
      : ok(handle(sim, account));
  };
}

/** `994,831 USD`: whole units, with separators. */
export function moneyText(value: Decimal, currency = "USD"): string {
  return `${thousands(value)} ${currency}`;
}

/** `994,831`. */
export function thousands(value: Decimal): string {
  return value
    .toDP(0)
    .toFixed(0)
    .replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

function summary(sim: Simulator, account: Account): WireJson {
  const { base, byCurrency } = balances(sim.market, account);
  const margin = margins(sim.market, account);
  const cents = (value: Decimal): WireJson => double(value.toDP(2));
  return {
    accountType: "",
    status: "",
    balance: double(margin.net.toDP(0)),
    SMA: double(margin.loan.minus(margin.regT).toDP(0)),
    buyingPower: cents(margin.buyingPower),
    availableFunds: cents(margin.available),
    excessLiquidity: cents(margin.excess),
    netLiquidationValue: cents(margin.net),
    equityWithLoanValue: cents(margin.loan),
    regTLoan: double(0),
    securitiesGVP: cents(margin.gross),
    totalCashValue: cents(base.cash),
    accruedInterest: cents(account.interest),
    regTMargin: cents(margin.regT),
    initialMargin: cents(margin.initial),
    maintenanceMargin: cents(margin.maintenance),
    cashBalances: [
      ...[...byCurrency].map(([currency, one]) => cashRow(currency, one)),
      cashRow("Total (in USD)", base),
    ],
  };
}

function cashRow(currency: string, balance: Balance): WireJson {
  const cash = double(balance.cash.toDP(2));
  return { currency, balance: cash, settledCash: cash };
}

type Rows = { [key: string]: string };

/** The same rows for the whole, for securities, and zeros for what the account does not have. */
function segments(rows: Rows): WireJson {
  const zeros: Rows = {};
  for (const [key, value] of Object.entries(rows))
    zeros[key] = value.includes(" ") ? "0 USD" : "0.00";
  return { total: rows, "Crypto at Paxos": zeros, commodities: zeros, securities: rows };
}

function availableFunds(sim: Simulator, account: Account): WireJson {
  const margin = margins(sim.market, account);
  return segments({
    current_available: moneyText(margin.available),
    current_excess: moneyText(margin.excess),
    buying_power: moneyText(margin.buyingPower),
    leverage: margin.net.isZero() ? "0.00" : margin.gross.div(margin.net).toFixed(2),
    look_ahead_available: moneyText(margin.available),
    look_ahead_excess: moneyText(margin.excess),
  });
}

function balanceTable(sim: Simulator, account: Account): WireJson {
  const { base } = balances(sim.market, account);
  const margin = margins(sim.market, account);
  return segments({
    net_liquidation: moneyText(margin.net),
    equity_with_loan: moneyText(margin.loan),
    cash: moneyText(base.cash),
    "MTD Interest": moneyText(account.interest.mul(0)),
    previous_day_equity_with_loan: moneyText(account.previousEquity),
  });
}

function marginTable(sim: Simulator, account: Account): WireJson {
  const margin = margins(sim.market, account);
  return segments({
    current_initial: moneyText(margin.initial),
    current_maint: moneyText(margin.maintenance),
    look_ahead_initial: moneyText(margin.initial),
    look_ahead_maint: moneyText(margin.maintenance),
    "RegT Margin": moneyText(margin.regT),
  });
}

function marketValue(sim: Simulator, account: Account): WireJson {
  const { byCurrency } = balances(sim.market, account);
  return Object.fromEntries(
    [...byCurrency].map(([currency, one]) => [
      currency,
      {
        total_cash: thousands(one.cash),
        stock: thousands(one.shares),
        options: thousands(one.options),
        futures: thousands(one.futuresPnl),
        net_liquidation: thousands(one.net),
        unrealized_pnl: thousands(one.unrealized),
        realized_pnl: thousands(one.realized),
      },
    ]),
  );
}

/** One account's profit and loss, as the `spl` topic and the partitioned answer carry it. */
export function pnlRows(sim: Simulator): { [key: string]: WireJson } {
  const rows: { [key: string]: WireJson } = {};
  for (const id of sim.world.sso.user?.accountIds ?? []) {
    const account = sim.world.accounts.get(id);
    if (account === undefined) continue;
    const { base } = balances(sim.market, account);
    const margin = margins(sim.market, account);
    rows[`${id}.Core`] = {
      rowType: 1,
      dpl: double(base.daily.plus(base.realized).toDP(2)),
      nl: double(margin.net.toDP(2)),
      upl: double(base.unrealized.toDP(2)),
      uel: double(margin.excess.toDP(2)),
      el: double(margin.excess.toDP(2)),
      mv: double(base.shares.plus(base.options).plus(base.coins).toDP(2)),
    };
  }
  return rows;
}

function partitioned(sim: Simulator): SimAnswer {
  const cold = sim.behaviours.coldReads.pnl && !sim.world.brokerage.primed.pnlSubscribed;
  return ok({ upnl: cold ? {} : pnlRows(sim) });
}

export const accountFigureRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/iserver/account/pnl/partitioned",
    needs: "brokerage",
    handle: partitioned,
  },
  {
    method: "GET",
    pattern: "/iserver/account/:account/summary",
    needs: "brokerage",
    handle: forAccount(summary),
  },
  {
    method: "GET",
    pattern: "/iserver/account/:account/summary/available_funds",
    needs: "brokerage",
    handle: forAccount(availableFunds),
  },
  {
    method: "GET",
    pattern: "/iserver/account/:account/summary/balances",
    needs: "brokerage",
    handle: forAccount(balanceTable),
  },
  {
    method: "GET",
    pattern: "/iserver/account/:account/summary/margins",
    needs: "brokerage",
    handle: forAccount(marginTable),
  },
  {
    method: "GET",
    pattern: "/iserver/account/:account/summary/market_value",
    needs: "brokerage",
    handle: forAccount(marketValue),
  },
];
