import { accountSummary } from "./account-summary.ts";
import { accountsList } from "./accounts-list.ts";
import { contractsSearch } from "./contracts-search.ts";
import { marketSnapshot } from "./market-snapshot.ts";
import { ordersList } from "./orders-list.ts";
import { portfolioSnapshot } from "./portfolio-snapshot.ts";
import { positionsList } from "./positions-list.ts";
import { sessionStatus } from "./session-status.ts";

/** Everything the edge may ask a sidecar for. What is not here cannot be asked. */
export const OPERATIONS = {
  "session.status": sessionStatus,
  "accounts.list": accountsList,
  "account.summary": accountSummary,
  "portfolio.snapshot": portfolioSnapshot,
  "positions.list": positionsList,
  "contracts.search": contractsSearch,
  "market.snapshot": marketSnapshot,
  "orders.list": ordersList,
} as const;

export type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;

export function isOperationName(name: string): name is OperationName {
  return Object.hasOwn(OPERATIONS, name);
}
