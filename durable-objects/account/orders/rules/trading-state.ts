import { type TradingState, tighterState } from "@ibkr-edge-gateway/policy/trading-state.ts";
import { storedTradingState, storeTradingState } from "../tables/trading-state.ts";
import { tradingDay } from "./trading-day.ts";

/** Today's state; what a loss asked for yesterday is over, unless it waits for the owner. */
export function tradingStateOf(sql: SqlStorage, brokerAccount: string, day: string): TradingState {
  const row = storedTradingState(sql, brokerAccount);
  if (row === null || (row.until_owner === 0 && row.day !== day)) return "active";
  return row.state === "reducing" || row.state === "halted" ? row.state : "active";
}

/** Tightens the state; it never loosens it. True when that changed anything. */
export function tightenTradingState(
  sql: SqlStorage,
  brokerAccount: string,
  asked: { state: TradingState; untilOwner: boolean },
  nowMs: number,
): boolean {
  const day = tradingDay(nowMs);
  const before = tradingStateOf(sql, brokerAccount, day);
  const after = tighterState(before, asked.state);
  if (after === before) return false;
  storeTradingState(sql, brokerAccount, { state: after, day, untilOwner: asked.untilOwner });
  return true;
}
