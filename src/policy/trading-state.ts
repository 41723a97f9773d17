import { dec, parseFigure } from "../protocol/orders/decimal.ts";
import type { PolicyDocument } from "./document.ts";

export type TradingState = "active" | "reducing" | "halted";

/**
 * The state that the day's loss and the fall from the peak ask for: beyond the soft limit only
 * reducing, beyond the hard one, or the drawdown, halted. It only ever asks for a tighter state;
 * going back is for the next trading day or for the owner.
 */
export function stateByLoss(
  facts: {
    daily_pnl: string | null;
    net_liquidation: string | null;
    peak_net_liquidation: string | null;
  },
  policy: PolicyDocument,
): TradingState {
  const { daily_loss_soft, daily_loss_hard, max_drawdown_percent } = policy.behaviour;
  const pnl = parseFigure(facts.daily_pnl);
  const lost = (limit: string | null) =>
    limit !== null && pnl?.negated().greaterThan(dec(limit)) === true;
  if (lost(daily_loss_hard)) return "halted";
  const worth = parseFigure(facts.net_liquidation);
  const peak = parseFigure(facts.peak_net_liquidation);
  if (max_drawdown_percent !== null && worth !== null && peak?.greaterThan(0)) {
    const fallen = peak.minus(worth).dividedBy(peak).times(100);
    if (fallen.greaterThan(dec(max_drawdown_percent))) return "halted";
  }
  return lost(daily_loss_soft) ? "reducing" : "active";
}

const RANK: Record<TradingState, number> = { active: 0, reducing: 1, halted: 2 };

/** The tighter of two states. */
export function tighterState(a: TradingState, b: TradingState): TradingState {
  return RANK[a] >= RANK[b] ? a : b;
}
