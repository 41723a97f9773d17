import type { SimRoute } from "../http/router.ts";
import { accountFigureRoutes } from "./account-figures.ts";
import { accountRoutes } from "./accounts.ts";
import { alertRoutes } from "./alerts.ts";
import { chainRoutes } from "./chain.ts";
import { contractRoutes } from "./contract.ts";
import { currencyRoutes } from "./currencies.ts";
import { definitionRoutes } from "./definitions.ts";
import { fyiRoutes } from "./fyi.ts";
import { historyRoutes } from "./history.ts";
import { marketDataRoutes } from "./marketdata.ts";
import { orderReadRoutes } from "./order-reads.ts";
import { orderWriteRoutes } from "./order-writes.ts";
import { performanceRoutes } from "./performance.ts";
import { portfolioRoutes } from "./portfolio.ts";
import { positionRoutes } from "./positions.ts";
import { scannerRoutes } from "./scanner.ts";
import { scheduleRoutes } from "./schedules.ts";
import { searchRoutes } from "./search.ts";
import { sessionRoutes } from "./session.ts";
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
