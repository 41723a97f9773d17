import type { Route } from "../http/router.ts";
import { accountRoutes } from "./accounts.ts";
import { definitionRoutes } from "./definitions.ts";
import { marketDataRoutes } from "./marketdata.ts";
import { orderReadRoutes } from "./order-reads.ts";
import { portfolioRoutes } from "./portfolio.ts";
import { positionRoutes } from "./positions.ts";
import { searchRoutes } from "./search.ts";
import { sessionRoutes } from "./session.ts";

/** Every path of the API that the simulator knows. */
export const ROUTES: readonly Route[] = [
  ...sessionRoutes,
  ...accountRoutes,
  ...portfolioRoutes,
  ...positionRoutes,
  ...searchRoutes,
  ...definitionRoutes,
  ...marketDataRoutes,
  ...orderReadRoutes,
];
