import {
  accountIdOf,
  accountMeta,
  brokerageAccounts,
  portfolioAccounts,
} from "../client-portal/endpoints/accounts.ts";
import { alertDetail, alertsOf } from "../client-portal/endpoints/alerts.ts";
import { allocationOf } from "../client-portal/endpoints/allocation.ts";
import { performanceOf, transactionsOf } from "../client-portal/endpoints/analyst.ts";
import { portfolioLedger, portfolioSummary } from "../client-portal/endpoints/balances.ts";
import { contractFacts, futuresOf, searchContracts } from "../client-portal/endpoints/contracts.ts";
import { exchangeRate } from "../client-portal/endpoints/currency.ts";
import { historyOf } from "../client-portal/endpoints/history.ts";
import { notices, unreadNotices } from "../client-portal/endpoints/notices.ts";
import { optionInfo, strikesOf } from "../client-portal/endpoints/option-contracts.ts";
import { orderStatus } from "../client-portal/endpoints/order-status.ts";
import { liveOrders } from "../client-portal/endpoints/orders.ts";
import { pnlPartitioned } from "../client-portal/endpoints/pnl.ts";
import { realtimePositions, settledPositions } from "../client-portal/endpoints/positions.ts";
import {
  AVAILABILITY_FIELD,
  FIELD_IDS,
  snapshotLook,
  VOLUME_SHOWN,
} from "../client-portal/endpoints/quotes.ts";
import { scannerRun } from "../client-portal/endpoints/scanner.ts";
import { trades } from "../client-portal/endpoints/trades.ts";
import { tradingSchedule } from "../client-portal/endpoints/trading-schedule.ts";
import { watchlist, watchlists } from "../client-portal/endpoints/watchlists.ts";
import type { Ask } from "../client-portal/portal-interface.ts";
import { readAuthStatus, readSso, readTickle } from "../client-portal/session/read-auth.ts";
import { contractRules } from "../orders/preview/contract-rules.ts";

/** What earlier answers told that later questions need. It never leaves this PC. */
export interface Learnt {
  accountId?: string;
  /** Held contracts, else one that everybody can look up. */
  conids: number[];
  orderId?: string;
  alertId?: string;
  watchlistId?: string;
  month?: string;
  strike?: string;
}

export const nothingLearnt = (): Learnt => ({ conids: [] });

/** One question of the report. */
export interface ReportCall {
  /** Method and path, with what names something of the owner's in braces. */
  template: string;
  /** The question; null where nothing was learnt that it could be asked about. */
  ask(learnt: Learnt): Ask<unknown> | null;
  /** Takes from an answer what later questions need. */
  learn(json: unknown, learnt: Learnt): void;
  /** Not asked for the report: the sidecar's look at the session has the answer already. */
  heard?: true;
}

/** Apple's share: public, and known to every account. */
const WELL_KNOWN_CONID = 265598;
const WELL_KNOWN_SYMBOL = "AAPL";
const CONIDS_MAX = 3;

const conidOf = ({ conids }: Learnt): number => conids[0] ?? WELL_KNOWN_CONID;

function call<T>(
  template: string,
  ask: (learnt: Learnt) => Ask<T> | null,
  learn: (value: T, learnt: Learnt) => void = () => {},
): ReportCall {
  return {
    template,
    ask,
    learn: (json, learnt) => {
      const question = ask(learnt);
      if (question !== null) learn(question.decode(json), learnt);
    },
  };
}

/** A question about the account; not asked while no account is known. */
const ofAccount = <T>(
  template: string,
  ask: (accountId: string, learnt: Learnt) => Ask<T> | null,
  learn?: (value: T, learnt: Learnt) => void,
): ReportCall =>
  call(
    template,
    (learnt) => (learnt.accountId === undefined ? null : ask(learnt.accountId, learnt)),
    learn,
  );

/** Asked about the first thing of its kind that the account has. */
const ifKnown = <T>(id: string | undefined, ask: (id: string) => Ask<T>): Ask<T> | null =>
  id === undefined ? null : ask(id);

function heard(template: string, decode: (json: unknown) => unknown): ReportCall {
  const [method, path = ""] = template.split(" ");
  const question: Ask<unknown> = {
    name: path,
    method: method === "POST" ? "POST" : "GET",
    path,
    needs: "nothing",
    ttlMs: 0,
    decode,
  };
  return { template, ask: () => question, learn: () => {}, heard: true };
}

const SESSION: readonly ReportCall[] = [
  heard("POST /iserver/auth/status", readAuthStatus),
  heard("POST /tickle", readTickle),
  heard("GET /sso/validate", readSso),
];

const ACCOUNT: readonly ReportCall[] = [
  call(
    "GET /portfolio/accounts",
    () => portfolioAccounts,
    ([first], learnt) => {
      const id = first === undefined ? null : accountIdOf(first);
      if (id !== null) learnt.accountId = id;
    },
  ),
  call("GET /iserver/accounts", () => brokerageAccounts),
  ofAccount("GET /portfolio/{account}/meta", accountMeta),
  ofAccount("GET /portfolio/{account}/summary", portfolioSummary),
  ofAccount("GET /portfolio/{account}/ledger", portfolioLedger),
  ofAccount("GET /portfolio/{account}/allocation", allocationOf),
  ofAccount("GET /portfolio2/{account}/positions", realtimePositions, (rows, learnt) => {
    const held = rows.flatMap(({ conid }) => (conid === null ? [] : [conid]));
    learnt.conids = [...new Set(held)].slice(0, CONIDS_MAX);
  }),
  ofAccount("GET /portfolio/{account}/positions/{page}", (id) => settledPositions(id, 0)),
  ofAccount("POST /pa/performance", (id) => performanceOf(id, "1M")),
  ofAccount("POST /pa/transactions", (accountId, learnt) =>
    transactionsOf({ accountId, conid: conidOf(learnt), currency: "USD", days: 90 }),
  ),
];

const ORDERS: readonly ReportCall[] = [
  call(
    "GET /iserver/account/orders",
    () => liveOrders(),
    ({ orders }, learnt) => {
      const id = orders[0]?.orderId;
      if (id != null) learnt.orderId = id;
    },
  ),
  call("GET /iserver/account/order/status/{order}", ({ orderId }) => ifKnown(orderId, orderStatus)),
  call("GET /iserver/account/trades", () => trades(7)),
  call("GET /iserver/account/pnl/partitioned", () => pnlPartitioned),
];

const MARKET: readonly ReportCall[] = [
  call("GET /iserver/marketdata/snapshot", (learnt) =>
    snapshotLook(learnt.conids.length > 0 ? learnt.conids : [WELL_KNOWN_CONID], [
      ...Object.values(FIELD_IDS),
      AVAILABILITY_FIELD,
      VOLUME_SHOWN,
    ]),
  ),
  call("GET /iserver/marketdata/history", (learnt) =>
    historyOf({ conid: conidOf(learnt), period: "1d", bar: "5min", outsideRth: false }),
  ),
  call("POST /iserver/scanner/run", () =>
    scannerRun({ instrument: "STK", type: "TOP_PERC_GAIN", location: "STK.US.MAJOR", filter: [] }),
  ),
  call("GET /iserver/exchangerate", () => exchangeRate("EUR", "USD")),
];

const optionOf = ({ month }: Learnt): { conid: number; secType: "OPT"; month: string } | null =>
  month === undefined ? null : { conid: WELL_KNOWN_CONID, secType: "OPT", month };

const CONTRACTS: readonly ReportCall[] = [
  call("GET /trsrv/secdef", (learnt) =>
    contractFacts([...new Set([...learnt.conids, WELL_KNOWN_CONID])]),
  ),
  call("GET /trsrv/futures", () => futuresOf("ES")),
  call(
    "GET /iserver/secdef/search",
    () => searchContracts({ text: WELL_KNOWN_SYMBOL, byName: false }),
    (hits, learnt) => {
      const options = hits
        .find(({ conid }) => conid === WELL_KNOWN_CONID)
        ?.sections.find(({ secType }) => secType === "OPT");
      const month = options?.months?.split(";")[0];
      if (month !== undefined && /^[A-Z]{3}\d{2}$/.test(month)) learnt.month = month;
    },
  ),
  call(
    "GET /iserver/secdef/strikes",
    (learnt) => {
      const option = optionOf(learnt);
      return option === null ? null : strikesOf(option.conid, option.secType, option.month);
    },
    ({ call: calls }, learnt) => {
      const strike = calls[Math.floor(calls.length / 2)];
      if (strike !== undefined) learnt.strike = String(strike);
    },
  ),
  call("GET /iserver/secdef/info", (learnt) => {
    const option = optionOf(learnt);
    const { strike } = learnt;
    return option === null || strike === undefined
      ? null
      : optionInfo({ ...option, strike, right: "C" });
  }),
  call("GET /contract/trading-schedule", (learnt) => tradingSchedule(conidOf(learnt))),
  call("POST /iserver/contract/rules", (learnt) => contractRules(conidOf(learnt), true, () => "")),
];

const LISTS: readonly ReportCall[] = [
  call(
    "GET /iserver/watchlists",
    () => watchlists,
    ([first], learnt) => {
      if (first?.id != null) learnt.watchlistId = first.id;
    },
  ),
  call("GET /iserver/watchlist", ({ watchlistId }) => ifKnown(watchlistId, watchlist)),
  ofAccount("GET /iserver/account/{account}/alerts", alertsOf, ([first], learnt) => {
    if (first?.order_id != null) learnt.alertId = first.order_id;
  }),
  call("GET /iserver/account/alert/{alert}", ({ alertId }) => ifKnown(alertId, alertDetail)),
  call("GET /fyi/notifications", () => notices(10)),
  call("GET /fyi/unreadnumber", () => unreadNotices),
];

/**
 * Everything that a report may ask, in its order. All of it reads: no order, no preview, no answer to a
 * question, nothing that ends or changes anything at the broker.
 */
export const REPORT_CALLS: readonly ReportCall[] = [
  ...SESSION,
  ...ACCOUNT,
  ...ORDERS,
  ...CONTRACTS,
  ...MARKET,
  ...LISTS,
];

/** The line of the list that a request belongs to; null for one that is not in it, and may not leave. */
export function templateOf(method: string, path: string): string | null {
  // Names before braces: `/portfolio/accounts` is no account.
  const exact = REPORT_CALLS.find(({ template }) => template === `${method} ${path}`);
  if (exact !== undefined) return exact.template;
  const found = REPORT_CALLS.find(({ template }) => patternOf(template).test(`${method} ${path}`));
  return found?.template ?? null;
}

const patternOf = (template: string): RegExp =>
  new RegExp(`^${template.replace(/\{\w+\}/g, "[A-Za-z0-9]+")}$`);
