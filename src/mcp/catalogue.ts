import { coversScope, type Scope } from "../protocol/scopes.ts";
import type { ListedTool, Tool } from "./define-tool.ts";
import { accountSummary } from "./tools/account-summary.ts";
import { accountsList } from "./tools/accounts-list.ts";
import { auditTail } from "./tools/audit-tail.ts";
import { backendStatus } from "./tools/backend-status.ts";
import { contractsSearch } from "./tools/contracts-search.ts";
import { health } from "./tools/health.ts";
import { marketSnapshot } from "./tools/market-snapshot.ts";
import { ordersList } from "./tools/orders-list.ts";
import { portfolioSnapshot } from "./tools/portfolio-snapshot.ts";
import { positionsList } from "./tools/positions-list.ts";
import { sessionRequirements } from "./tools/session-requirements.ts";

/** Every tool there is, in the order in which clients see them. */
export const TOOLS: readonly Tool[] = [
  health,
  backendStatus,
  sessionRequirements,
  accountsList,
  accountSummary,
  portfolioSnapshot,
  positionsList,
  contractsSearch,
  marketSnapshot,
  ordersList,
  auditTail,
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
  return TOOLS.filter((tool) => holds(granted, tool.scope)).map((tool) => tool.listing());
}

export function holds(granted: ReadonlySet<string>, scope: Scope): boolean {
  return coversScope(granted, scope);
}
