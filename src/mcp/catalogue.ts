import { coversScope, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { ListedTool, Tool } from "./define-tool.ts";
import { accessRequest } from "./tools/access-request.ts";
import { accountLedger } from "./tools/account-ledger.ts";
import { accountMetadata } from "./tools/account-metadata.ts";
import { accountSummary } from "./tools/account-summary.ts";
import { accountsList } from "./tools/accounts-list.ts";
import { alerts } from "./tools/alerts.ts";
import { approvalStatus } from "./tools/approval-status.ts";
import { approvalsCreate } from "./tools/approvals-create.ts";
import { auditExport } from "./tools/audit-export.ts";
import { auditTail } from "./tools/audit-tail.ts";
import { backendStatus } from "./tools/backend-status.ts";
import { bracketOrderPreview } from "./tools/bracket-order-preview.ts";
import { contractResolve } from "./tools/contract-resolve.ts";
import { contractsSearch } from "./tools/contracts-search.ts";
import { currencyRate } from "./tools/currency-rate.ts";
import { executionsList } from "./tools/executions-list.ts";
import { health } from "./tools/health.ts";
import { historicalBars } from "./tools/historical-bars.ts";
import { killSwitchEngage } from "./tools/kill-switch-engage.ts";
import { killSwitchStatus } from "./tools/kill-switch-status.ts";
import { limitsStatus } from "./tools/limits-status.ts";
import { marketDepth } from "./tools/market-depth.ts";
import { marketHolidays } from "./tools/market-holidays.ts";
import { marketSession } from "./tools/market-session.ts";
import { marketSnapshot } from "./tools/market-snapshot.ts";
import { notificationsList } from "./tools/notifications-list.ts";
import { ocaOrderPreview } from "./tools/oca-order-preview.ts";
import { optionGreeks } from "./tools/option-greeks.ts";
import { optionsChain } from "./tools/options-chain.ts";
import { orderPreview } from "./tools/order-preview.ts";
import { orderQuestionStatus } from "./tools/order-question-status.ts";
import { orderStatus } from "./tools/order-status.ts";
import { orderWrites } from "./tools/order-writes.ts";
import { ordersHistory } from "./tools/orders-history.ts";
import { ordersList } from "./tools/orders-list.ts";
import { performance } from "./tools/performance.ts";
import { pnlDaily } from "./tools/pnl-daily.ts";
import { pnlRealtime } from "./tools/pnl-realtime.ts";
import { portfolioAllocation } from "./tools/portfolio-allocation.ts";
import { portfolioSnapshot } from "./tools/portfolio-snapshot.ts";
import { positionsList } from "./tools/positions-list.ts";
import { reconcile } from "./tools/reconcile.ts";
import { scannerCodes } from "./tools/scanner-codes.ts";
import { scannerRun } from "./tools/scanner-run.ts";
import { sessionRenew } from "./tools/session-renew.ts";
import { sessionRequirements } from "./tools/session-requirements.ts";
import { transactionsList } from "./tools/transactions-list.ts";
import { watchlists } from "./tools/watchlists.ts";

/** Every tool there is, in the order in which clients see them. */
export const TOOLS: readonly Tool[] = [
  accessRequest,
  health,
  backendStatus,
  sessionRequirements,
  sessionRenew,
  accountsList,
  accountMetadata,
  accountSummary,
  accountLedger,
  portfolioSnapshot,
  portfolioAllocation,
  performance,
  pnlDaily,
  pnlRealtime,
  positionsList,
  contractsSearch,
  contractResolve,
  marketSnapshot,
  historicalBars,
  marketDepth,
  marketSession,
  marketHolidays,
  currencyRate,
  optionsChain,
  optionGreeks,
  scannerRun,
  scannerCodes,
  watchlists,
  alerts,
  ordersList,
  ordersHistory,
  orderStatus,
  executionsList,
  transactionsList,
  notificationsList,
  orderPreview,
  bracketOrderPreview,
  ocaOrderPreview,
  approvalsCreate,
  approvalStatus,
  ...orderWrites("paper"),
  ...orderWrites("live"),
  orderQuestionStatus,
  killSwitchStatus,
  killSwitchEngage,
  limitsStatus,
  reconcile,
  auditTail,
  auditExport,
];

const BY_NAME: ReadonlyMap<string, Tool> = new Map(TOOLS.map((tool) => [tool.name, tool]));

export function toolNamed(name: string): Tool | undefined {
  return BY_NAME.get(name);
}

/** Names of the predecessor that are refused by name, so that a client is told why. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  "ibkr_order_intent_validate",
  "ibkr_order_preview_explain",
  "ibkr_order_submit",
  "ibkr_order_cancel",
  "ibkr_order_modify",
  "ibkr_order_approve",
]);

export function isForbiddenName(name: string): boolean {
  return FORBIDDEN_NAMES.has(name);
}

/** What `tools/list` shows to a grant, always in the same order. */
export function listTools(granted: ReadonlySet<string>): ListedTool[] {
  return TOOLS.filter(({ scope }) => scope === null || holds(granted, scope)).map((tool) =>
    tool.listing(),
  );
}

export function holds(granted: ReadonlySet<string>, scope: Scope): boolean {
  return coversScope(granted, scope);
}
