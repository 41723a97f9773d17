import {
  badRequest,
  failed,
  fieldsOf,
  ok,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { double, type WireJson } from "../json.ts";
import { createRandom } from "../random.ts";
import type { Simulator } from "../simulator.ts";
import type { Account } from "../state/accounts.ts";
import { balances } from "../state/valuation.ts";
import { ownAccount } from "./iserver-accounts.ts";

/** Portfolio analyst: returns of days gone by. */

const PERIOD_DAYS: Record<string, number> = {
  "1D": 1,
  "7D": 7,
  MTD: 20,
  "1M": 31,
  "3M": 92,
  "6M": 183,
  "12M": 365,
  YTD: 200,
};

interface Day {
  date: string;
  /** Net value at its end. */
  net: number;
}

/** Net value at the end of each past trading day: a walk back from now, the same at each reading. */
function days(sim: Simulator, account: Account, count: number): Day[] {
  const now = sim.clock.now();
  const dates = sim.market.hours
    .sessionsAround("us-stocks", "liquid", now, count, 0)
    .filter(({ session }) => session.closes <= now)
    .map(({ date }) => date);
  let net = balances(sim.market, account).base.net.toNumber();
  const found: Day[] = [];
  for (const date of dates.reverse()) {
    found.push({ date, net: Number(net.toFixed(2)) });
    net /= 1 + (createRandom(sim.settings.seed, `${account.id}/${date}`).next() - 0.48) * 0.006;
  }
  return found.reverse();
}

/** The accounts a body names; an answer when it names none or a foreign one. */
export function analystAccounts(sim: Simulator, request: SimRequest): Account[] | SimAnswer {
  const ids = fieldsOf(request).acctIds;
  if (!Array.isArray(ids) || ids.length === 0) return badRequest("acctIds is required");
  const found: Account[] = [];
  for (const id of ids) {
    const account = ownAccount(sim, String(id));
    if (account === undefined) return failed(500, "Internal Server Error");
    found.push(account);
  }
  return found;
}

interface Series {
  id: string;
  start: string;
  end: string;
  dates: string[];
  navs: number[];
  returns: number[];
  startNav: Day;
  months: { dates: string[]; returns: number[] };
}

function seriesOf(sim: Simulator, account: Account, count: number): Series {
  const [start = { date: "", net: 0 }, ...rest] = days(sim, account, count + 4);
  const shown = rest.slice(-Math.max(1, Math.ceil((count * 5) / 7)));
  const first = shown[0] ?? start;
  const byMonth = new Map<string, Day>();
  for (const day of shown) byMonth.set(day.date.slice(0, 6), day);
  let before = start.net;
  const monthReturns = [...byMonth.values()].map((day) => {
    const change = day.net / before - 1;
    before = day.net;
    return change;
  });
  return {
    id: account.id,
    start: first.date,
    end: shown.at(-1)?.date ?? first.date,
    dates: shown.map((day) => day.date),
    navs: shown.map((day) => day.net),
    returns: shown.map((day) => day.net / start.net - 1),
    startNav: start,
    months: { dates: [...byMonth.keys()], returns: monthReturns },
  };
}

function fraction(value: number): WireJson {
  return double(Number(value.toPrecision(6)));
}

function performance(sim: Simulator, request: SimRequest): SimAnswer {
  const accounts = analystAccounts(sim, request);
  if (!Array.isArray(accounts)) return accounts;
  const period = fieldsOf(request).period;
  const count = typeof period === "string" ? PERIOD_DAYS[period] : undefined;
  if (count === undefined) return badRequest("Invalid period");
  const all = accounts.map((account) => seriesOf(sim, account, count));
  const dates = all[0]?.dates ?? [];
  const common = (one: Series) => ({
    id: one.id,
    idType: "acctid",
    start: one.start,
    end: one.end,
    baseCurrency: "USD",
  });
  return ok({
    currencyType: "base",
    rc: 0,
    nav: {
      freq: "D",
      dates,
      data: all.map((one) => ({
        ...common(one),
        startNAV: { date: one.startNav.date, val: double(one.startNav.net) },
        navs: one.navs.map(double),
      })),
    },
    nd: dates.length,
    cps: {
      freq: "D",
      dates,
      data: all.map((one) => ({ ...common(one), returns: one.returns.map(fraction) })),
    },
    tpps: {
      freq: "M",
      dates: all[0]?.months.dates ?? [],
      data: all.map((one) => ({ ...common(one), returns: one.months.returns.map(fraction) })),
    },
    id: "getPerformanceData",
    included: accounts.map(({ id }) => id),
    pm: "TWR",
  });
}

function allPeriods(sim: Simulator, request: SimRequest): SimAnswer {
  const accounts = analystAccounts(sim, request);
  if (!Array.isArray(accounts)) return accounts;
  const body: { [key: string]: WireJson } = {
    currencyType: "base",
    rc: 0,
    view: accounts.map(({ id }) => id),
    nd: 366,
    id: "getPerformanceAllPeriods",
    included: accounts.map(({ id }) => id),
    pm: "TWR",
  };
  for (const account of accounts) {
    const periods: { [key: string]: WireJson } = {};
    for (const [period, count] of Object.entries(PERIOD_DAYS)) {
      const one = seriesOf(sim, account, count);
      periods[period] = {
        cps: one.returns.map(fraction),
        nav: one.navs.map(double),
        dates: one.dates,
        freq: "D",
        startNAV: { date: one.startNav.date, val: double(one.startNav.net) },
      };
    }
    const year = seriesOf(sim, account, 365);
    body[account.id] = {
      ...periods,
      periods: Object.keys(PERIOD_DAYS),
      start: year.start,
      end: year.end,
      baseCurrency: "USD",
      lastSuccessfulUpdate: new Date(sim.clock.now()).toISOString().slice(0, 19).replace("T", " "),
    };
  }
  return ok(body);
}

export const performanceRoutes: readonly SimRoute[] = [
  { method: "POST", pattern: "/pa/performance", needs: "sso", handle: performance },
  { method: "POST", pattern: "/pa/allperiods", needs: "sso", handle: allPeriods },
];
