/**
 * When the simulated markets trade. `exchange`: each venue by its own calendar, holidays included.
 * `always`: all day, every day. No exchange is like that, so whoever looks at it is told.
 */
export const MARKET_HOURS = ["always", "exchange"] as const;
export type MarketHours = (typeof MARKET_HOURS)[number];
