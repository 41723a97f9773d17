import {
  type Decimal,
  dec,
  decimalText,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import type { PolicyDocument } from "./document.ts";

export type TradingState = "active" | "reducing" | "halted";

/** What the broker says of an account's day; decimal strings in base currency, null is unknown. */
export interface LossFigures {
  daily_pnl: string | null;
  net_liquidation: string | null;
  peak_net_liquidation: string | null;
}

/** A limit that is proved to be passed, and the state that follows. */
export interface Breach {
  cause: "daily_loss_soft" | "daily_loss_hard" | "drawdown";
  state: Exclude<TradingState, "active">;
  observed: string;
  limit: string;
}

/**
 * The gravest limit of the day's loss and of the fall from the peak that the figures prove to be
 * passed: beyond the soft limit only reducing, beyond the hard one, or the drawdown, halted. Null
 * when none is proved: a figure that is missing proves nothing here, and the checks deny by
 * themselves what they cannot judge.
 */
export function breachOf(facts: LossFigures, policy: PolicyDocument): Breach | null {
  const { daily_loss_soft, daily_loss_hard, max_drawdown_percent } = policy.behaviour;
  const loss = parseFigure(facts.daily_pnl)?.negated() ?? null;
  const hard = beyond("daily_loss_hard", "halted", loss, daily_loss_hard);
  if (hard !== null) return hard;
  const worth = parseFigure(facts.net_liquidation);
  const peak = parseFigure(facts.peak_net_liquidation);
  const fallen =
    worth !== null && peak?.greaterThan(0) ? peak.minus(worth).dividedBy(peak).times(100) : null;
  return (
    beyond("drawdown", "halted", fallen, max_drawdown_percent) ??
    beyond("daily_loss_soft", "reducing", loss, daily_loss_soft)
  );
}

function beyond(
  cause: Breach["cause"],
  state: Breach["state"],
  observed: Decimal | null,
  limit: string | null,
): Breach | null {
  if (limit === null || observed === null || !observed.greaterThan(dec(limit))) return null;
  return { cause, state, observed: decimalText(observed.toDecimalPlaces(8)), limit };
}

/** The state that the figures ask for. It only ever asks for a tighter one. */
export function stateByLoss(facts: LossFigures, policy: PolicyDocument): TradingState {
  return breachOf(facts, policy)?.state ?? "active";
}

const RANK: Record<TradingState, number> = { active: 0, reducing: 1, halted: 2 };

/** The tighter of two states. */
export function tighterState(a: TradingState, b: TradingState): TradingState {
  return RANK[a] >= RANK[b] ? a : b;
}
