import { accountLedger } from "./account-ledger.ts";
import { accountMetadata } from "./account-metadata.ts";
import { accountSummary } from "./account-summary.ts";
import { accountsList } from "./accounts-list.ts";
import { alertTell } from "./alert-tell.ts";
import { alertsGet, alertsList } from "./alerts.ts";
import { approvalAnnounce } from "./approval-announce.ts";
import { approvalCheck } from "./approval-check.ts";
import {
  approverAsk,
  approverPages,
  approverPending,
  approverReceipts,
  approverResult,
  approverSubmit,
} from "./approval-page.ts";
import { approverAnnounce } from "./approver-announce.ts";
import { contractsResolve } from "./contracts-resolve.ts";
import { contractsSearch } from "./contracts-search.ts";
import { currencyRate } from "./currency-rate.ts";
import { executionsList } from "./executions-list.ts";
import { orderStatus } from "./intent-status.ts";
import { killEngage } from "./kill-engage.ts";
import { mandateConfirm, mandateRevoke, mandateTake } from "./mandates.ts";
import { marketBars } from "./market-bars.ts";
import { marketDepth } from "./market-depth.ts";
import { marketHolidays } from "./market-holidays.ts";
import { marketSession } from "./market-session.ts";
import { marketSnapshot } from "./market-snapshot.ts";
import { notificationsList } from "./notifications-list.ts";
import { optionsChain } from "./options-chain.ts";
import { optionsGreeks } from "./options-greeks.ts";
import { orderAnswer } from "./order-answer.ts";
import { orderCancel } from "./order-cancel.ts";
import { orderModify } from "./order-modify.ts";
import { orderPlace } from "./order-place.ts";
import { orderPreview } from "./order-preview.ts";
import { orderRehearse } from "./order-rehearse.ts";
import { ordersHistory } from "./orders-history.ts";
import { ordersList } from "./orders-list.ts";
import { ordersReconcile } from "./orders-reconcile.ts";
import { ordersStatus } from "./orders-status.ts";
import { performanceGet } from "./performance-get.ts";
import { pnlDaily } from "./pnl-daily.ts";
import { pnlPartitioned } from "./pnl-partitioned.ts";
import { pnlRealtime } from "./pnl-realtime.ts";
import { portfolioAllocation } from "./portfolio-allocation.ts";
import { portfolioSnapshot } from "./portfolio-snapshot.ts";
import { positionsList } from "./positions-list.ts";
import { scannerCodes } from "./scanner-codes.ts";
import { scannerRun } from "./scanner-run.ts";
import { sessionRenew } from "./session-renew.ts";
import { sessionStatus } from "./session-status.ts";
import { transactionsList } from "./transactions-list.ts";
import { trustStatus } from "./trust-status.ts";
import { watchlistsGet, watchlistsList } from "./watchlists.ts";

/** Everything the edge may ask a sidecar for. What is not here cannot be asked. */
export const OPERATIONS = {
  "session.status": sessionStatus,
  "session.renew": sessionRenew,
  "accounts.list": accountsList,
  "account.metadata": accountMetadata,
  "account.summary": accountSummary,
  "account.ledger": accountLedger,
  "pnl.daily": pnlDaily,
  "pnl.realtime": pnlRealtime,
  "pnl.partitioned": pnlPartitioned,
  "portfolio.snapshot": portfolioSnapshot,
  "portfolio.allocation": portfolioAllocation,
  "positions.list": positionsList,
  "contracts.search": contractsSearch,
  "contracts.resolve": contractsResolve,
  "market.snapshot": marketSnapshot,
  "market.bars": marketBars,
  "market.depth": marketDepth,
  "market.session": marketSession,
  "market.holidays": marketHolidays,
  "currency.rate": currencyRate,
  "options.chain": optionsChain,
  "options.greeks": optionsGreeks,
  "scanner.run": scannerRun,
  "scanner.codes": scannerCodes,
  "orders.list": ordersList,
  "orders.history": ordersHistory,
  "orders.status": ordersStatus,
  "executions.list": executionsList,
  "performance.get": performanceGet,
  "transactions.list": transactionsList,
  "watchlists.list": watchlistsList,
  "watchlists.get": watchlistsGet,
  "alerts.list": alertsList,
  "alerts.get": alertsGet,
  "notifications.list": notificationsList,
  "order.preview": orderPreview,
  "order.place": orderPlace,
  "order.rehearse": orderRehearse,
  "order.modify": orderModify,
  "order.cancel": orderCancel,
  "order.answer": orderAnswer,
  "order.status": orderStatus,
  "orders.reconcile": ordersReconcile,
  "alert.tell": alertTell,
  "approval.announce": approvalAnnounce,
  "approver.announce": approverAnnounce,
  "approval.check": approvalCheck,
  "approver.ask": approverAsk,
  "approver.pages": approverPages,
  "approver.pending": approverPending,
  "approver.submit": approverSubmit,
  "approver.receipts": approverReceipts,
  "approver.result": approverResult,
  "trust.status": trustStatus,
  "kill.engage": killEngage,
  "mandate.take": mandateTake,
  "mandate.confirm": mandateConfirm,
  "mandate.revoke": mandateRevoke,
} as const;

export type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;

/** Whether a sidecar can be asked for an operation of this name. */
export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}
