import type { OperationName } from "../../../src/protocol/operations/registry.ts";
import { serveAccountSummary } from "./account-summary.ts";
import { serveAccountsList } from "./accounts-list.ts";
import { serveContractsSearch } from "./contracts-search.ts";
import { serveMarketSnapshot } from "./market-snapshot.ts";
import { serveOrdersList } from "./orders-list.ts";
import { servePortfolioSnapshot } from "./portfolio-snapshot.ts";
import { servePositionsList } from "./positions-list.ts";
import type { Served } from "./serve.ts";
import { serveSessionStatus } from "./session-status.ts";

/** Every operation the protocol names has its answer here; the compiler holds the two together. */
export const SERVED: Partial<Record<OperationName, Served>> = {
  "session.status": serveSessionStatus,
  "accounts.list": serveAccountsList,
  "account.summary": serveAccountSummary,
  "portfolio.snapshot": servePortfolioSnapshot,
  "positions.list": servePositionsList,
  "contracts.search": serveContractsSearch,
  "market.snapshot": serveMarketSnapshot,
  "orders.list": serveOrdersList,
};
