import {
  compareDecimals,
  Decimal,
  parseFigure,
} from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF } from "../check.ts";

/** Reaching the soft limit ends entries for the day; the hard one also halts, elsewhere. */
export const dailyLossCheck: Check = {
  number: 48,
  name: "daily-loss",
  code: "DAILY_LOSS_LIMIT",
  stage: "behaviour",
  scope: "entries",
  means: "Today's loss is within the limit.",
  evaluate({ snapshot, policy }) {
    const { daily_loss_soft, daily_loss_hard } = policy.behaviour;
    // The lower of the two: a soft limit set above the hard one must not hide it.
    const [limit] = [daily_loss_soft, daily_loss_hard]
      .filter((each) => each !== null)
      .sort(compareDecimals);
    if (limit === undefined) return OFF;
    const pnl = parseFigure(snapshot.facts.account?.daily_pnl);
    return atMost({
      what: "Today's loss",
      observed: pnl === null ? null : Decimal.max(0, pnl.negated()),
      limit,
      source: "sidecar.account",
      as_of: snapshot.facts.account?.at ?? null,
    });
  },
};
