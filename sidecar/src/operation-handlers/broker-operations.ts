import type { OperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { serveAccountLedger } from "./account-ledger.ts";
import { serveAccountMetadata } from "./account-metadata.ts";
import { serveAccountSummary } from "./account-summary.ts";
import { serveAccountsList } from "./accounts-list.ts";
import { serveAlertsGet, serveAlertsList } from "./alerts.ts";
import { serveContractsResolve } from "./contracts-resolve.ts";
import { serveContractsSearch } from "./contracts-search.ts";
import { serveCurrencyRate } from "./currency-rate.ts";
import { serveExecutionsList } from "./executions-list.ts";
import { serveMarketBars } from "./market-bars.ts";
import { serveMarketDepth } from "./market-depth.ts";
import { serveMarketHolidays } from "./market-holidays.ts";
import { serveMarketSession } from "./market-session.ts";
import { serveMarketSnapshot } from "./market-snapshot.ts";
import { serveNotificationsList } from "./notifications-list.ts";
import type { Served } from "./operation-handler.ts";
import { serveOptionsChain } from "./options-chain.ts";
import { serveOptionsGreeks } from "./options-greeks.ts";
import { serveOrdersHistory } from "./orders-history.ts";
import { serveOrdersList } from "./orders-list.ts";
import { serveOrdersStatus } from "./orders-status.ts";
import { servePerformanceGet } from "./performance-get.ts";
import { servePnlDaily } from "./pnl-daily.ts";
import { servePnlPartitioned } from "./pnl-partitioned.ts";
import { servePnlRealtime } from "./pnl-realtime.ts";
import { servePortfolioAllocation } from "./portfolio-allocation.ts";
import { servePortfolioSnapshot } from "./portfolio-snapshot.ts";
import { servePositionsList } from "./positions-list.ts";
import { serveScannerCodes } from "./scanner-codes.ts";
import { serveScannerRun } from "./scanner-run.ts";
import { serveSessionRenew } from "./session-renew.ts";
import { serveSessionStatus } from "./session-status.ts";
import { serveTransactionsList } from "./transactions-list.ts";
import { serveWatchlistsGet, serveWatchlistsList } from "./watchlists.ts";

/** The operations answered here; a test holds the protocol's list and this one together. */
export const SERVED: Partial<Record<OperationName, Served>> = {
  "session.status": serveSessionStatus,
  "session.renew": serveSessionRenew,
  "accounts.list": serveAccountsList,
  "account.metadata": serveAccountMetadata,
  "account.summary": serveAccountSummary,
  "account.ledger": serveAccountLedger,
  "pnl.daily": servePnlDaily,
  "pnl.realtime": servePnlRealtime,
  "pnl.partitioned": servePnlPartitioned,
  "portfolio.snapshot": servePortfolioSnapshot,
  "portfolio.allocation": servePortfolioAllocation,
  "positions.list": servePositionsList,
  "contracts.search": serveContractsSearch,
  "contracts.resolve": serveContractsResolve,
  "market.snapshot": serveMarketSnapshot,
  "market.bars": serveMarketBars,
  "market.depth": serveMarketDepth,
  "market.session": serveMarketSession,
  "market.holidays": serveMarketHolidays,
  "currency.rate": serveCurrencyRate,
  "options.chain": serveOptionsChain,
  "options.greeks": serveOptionsGreeks,
  "scanner.run": serveScannerRun,
  "scanner.codes": serveScannerCodes,
  "orders.list": serveOrdersList,
  "orders.history": serveOrdersHistory,
  "orders.status": serveOrdersStatus,
  "executions.list": serveExecutionsList,
  "performance.get": servePerformanceGet,
  "transactions.list": serveTransactionsList,
  "watchlists.list": serveWatchlistsList,
  "watchlists.get": serveWatchlistsGet,
  "alerts.list": serveAlertsList,
  "alerts.get": serveAlertsGet,
  "notifications.list": serveNotificationsList,
};
