import type { SimRoute } from "../http/router.ts";
import { alertRoutes } from "./alerts.ts";
import { contractRoutes } from "./contract-info.ts";
import { currencyRoutes } from "./currencies.ts";
import { fyiRoutes } from "./fyi.ts";
import { historyRoutes } from "./history.ts";
import { accountRoutes } from "./iserver-accounts.ts";
import { accountFigureRoutes } from "./iserver-summary-and-pnl.ts";
import { marketDataRoutes } from "./marketdata.ts";
import { chainRoutes } from "./option-chain.ts";
import { orderReadRoutes } from "./order-reads.ts";
import { orderWriteRoutes } from "./order-writes.ts";
import { performanceRoutes } from "./performance.ts";
import { portfolioRoutes } from "./portfolio-accounts.ts";
import { positionRoutes } from "./portfolio-positions.ts";
import { scannerRoutes } from "./scanner.ts";
import { searchRoutes } from "./search.ts";
import { definitionRoutes } from "./security-definitions.ts";
import { sessionRoutes } from "./session.ts";
import { scheduleRoutes } from "./trading-schedule.ts";
import { transactionRoutes } from "./transactions.ts";
import { watchlistRoutes } from "./watchlists.ts";
import { whatifRoutes } from "./whatif.ts";

/** Every path of the API that the simulator knows. */
export const ROUTES: readonly SimRoute[] = [
  ...sessionRoutes,
  ...accountRoutes,
  ...portfolioRoutes,
  ...positionRoutes,
  ...searchRoutes,
  ...definitionRoutes,
  ...marketDataRoutes,
  ...orderReadRoutes,
  ...accountFigureRoutes,
  ...alertRoutes,
  ...chainRoutes,
  ...contractRoutes,
  ...currencyRoutes,
  ...fyiRoutes,
  ...historyRoutes,
  ...performanceRoutes,
  ...transactionRoutes,
  ...scannerRoutes,
  ...scheduleRoutes,
  ...watchlistRoutes,
  ...orderWriteRoutes,
  ...whatifRoutes,
];
