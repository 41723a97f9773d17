import { coversScope, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import type { ListedTool, Tool } from "./define-tool.ts";
import { accessRequestTool } from "./tools/access-request.ts";
import { accountLedgerTool } from "./tools/account-ledger.ts";
import { accountMetadataTool } from "./tools/account-metadata.ts";
import { accountSummaryTool } from "./tools/account-summary.ts";
import { accountsListTool } from "./tools/accounts-list.ts";
import { alertsTool } from "./tools/alerts.ts";
import { approvalStatusTool } from "./tools/approval-status.ts";
import { approvalsCreateTool } from "./tools/approvals-create.ts";
import { auditExportTool } from "./tools/audit-export.ts";
import { auditTailTool } from "./tools/audit-tail.ts";
import { backendStatusTool } from "./tools/backend-status.ts";
import { bracketOrderPreviewTool } from "./tools/bracket-order-preview.ts";
import { contractResolveTool } from "./tools/contract-resolve.ts";
import { contractsSearchTool } from "./tools/contracts-search.ts";
import { currencyRateTool } from "./tools/currency-rate.ts";
import { executionsListTool } from "./tools/executions-list.ts";
import { healthTool } from "./tools/health.ts";
import { historicalBarsTool } from "./tools/historical-bars.ts";
import { killSwitchEngageTool } from "./tools/kill-switch-engage.ts";
import { killSwitchStatusTool } from "./tools/kill-switch-status.ts";
import { limitsStatusTool } from "./tools/limits-status.ts";
import { marketDepthTool } from "./tools/market-depth.ts";
import { marketHolidaysTool } from "./tools/market-holidays.ts";
import { marketSessionTool } from "./tools/market-session.ts";
import { marketSnapshotTool } from "./tools/market-snapshot.ts";
import { notificationsListTool } from "./tools/notifications-list.ts";
import { ocaOrderPreviewTool } from "./tools/oca-order-preview.ts";
import { optionGreeksTool } from "./tools/option-greeks.ts";
import { optionsChainTool } from "./tools/options-chain.ts";
import { orderEvidenceTool } from "./tools/order-evidence.ts";
import { orderPreviewTool } from "./tools/order-preview.ts";
import { orderQuestionStatusTool } from "./tools/order-question-status.ts";
import { orderStatusTool } from "./tools/order-status.ts";
import { orderWrites } from "./tools/order-writes.ts";
import { ordersHistoryTool } from "./tools/orders-history.ts";
import { ordersListTool } from "./tools/orders-list.ts";
import { performanceTool } from "./tools/performance.ts";
import { pnlDailyTool } from "./tools/pnl-daily.ts";
import { pnlRealtimeTool } from "./tools/pnl-realtime.ts";
import { portfolioAllocationTool } from "./tools/portfolio-allocation.ts";
import { portfolioSnapshotTool } from "./tools/portfolio-snapshot.ts";
import { positionsListTool } from "./tools/positions-list.ts";
import { reconcileTool } from "./tools/reconcile.ts";
import { scannerCodesTool } from "./tools/scanner-codes.ts";
import { scannerRunTool } from "./tools/scanner-run.ts";
import { sessionRenewTool } from "./tools/session-renew.ts";
import { sessionRequirementsTool } from "./tools/session-requirements.ts";
import { transactionsListTool } from "./tools/transactions-list.ts";
import { watchlistsTool } from "./tools/watchlists.ts";

/** Every tool there is, in the order in which clients see them. */
export const TOOLS: readonly Tool[] = [
  accessRequestTool,
  healthTool,
  backendStatusTool,
  sessionRequirementsTool,
  sessionRenewTool,
  accountsListTool,
  accountMetadataTool,
  accountSummaryTool,
  accountLedgerTool,
  portfolioSnapshotTool,
  portfolioAllocationTool,
  performanceTool,
  pnlDailyTool,
  pnlRealtimeTool,
  positionsListTool,
  contractsSearchTool,
  contractResolveTool,
  marketSnapshotTool,
  historicalBarsTool,
  marketDepthTool,
  marketSessionTool,
  marketHolidaysTool,
  currencyRateTool,
  optionsChainTool,
  optionGreeksTool,
  scannerRunTool,
  scannerCodesTool,
  watchlistsTool,
  alertsTool,
  ordersListTool,
  ordersHistoryTool,
  orderStatusTool,
  executionsListTool,
  transactionsListTool,
  notificationsListTool,
  orderPreviewTool,
  bracketOrderPreviewTool,
  ocaOrderPreviewTool,
  approvalsCreateTool,
  approvalStatusTool,
  ...orderWrites("paper"),
  ...orderWrites("live"),
  orderQuestionStatusTool,
  killSwitchStatusTool,
  killSwitchEngageTool,
  limitsStatusTool,
  reconcileTool,
  auditTailTool,
  auditExportTool,
  orderEvidenceTool,
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
