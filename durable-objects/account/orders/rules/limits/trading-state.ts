import type { TradingState } from "@ibkr-edge-gateway/policy/trading-state.ts";
import { storedTradingState } from "../../tables/trading-state.ts";

/** Today's state; what a loss asked for yesterday is over, unless it waits for the owner. */
export function tradingStateOf(sql: SqlStorage, brokerAccount: string, day: string): TradingState {
  const row = storedTradingState(sql, brokerAccount);
  if (row === null || (row.until_owner === 0 && row.day !== day)) return "active";
  return row.state === "reducing" || row.state === "halted" ? row.state : "active";
}
