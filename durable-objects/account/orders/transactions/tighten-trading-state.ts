import { type TradingState, tighterState } from "@ibkr-edge-gateway/policy/trading-state.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { tradingStateOf } from "../rules/limits/trading-state.ts";
import { storeTradingState } from "../tables/trading-state.ts";

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
