import {
  MARKET_HOURS,
  type MarketHours,
} from "@ibkr-edge-gateway/simulator/market/hours-setting.ts";
import { Sorry } from "./say.ts";

/**
 * `MARKET_HOURS` of `npm start`. Without one the simulated market never closes, so that what a
 * newcomer tries works at any hour of any day.
 * @throws Sorry for any other word.
 */
export function marketHoursSetting(env: NodeJS.ProcessEnv): MarketHours {
  const text = env.MARKET_HOURS;
  if (text === undefined || text === "") return "always";
  const found = MARKET_HOURS.find((one) => one === text);
  if (found !== undefined) return found;
  throw new Sorry(
    `MARKET_HOURS must be "always" (the simulated market is open around the clock) or "exchange" (it follows the real calendar), not "${text}".`,
  );
}
