import { pnlDaily } from "@ibkr-edge-gateway/protocol/operation-schemas/pnl-daily.ts";
import type { OrderParts } from "../order-context.ts";
import { tradingDay } from "../rules/limits/trading-day.ts";
import { feature } from "../rules/limits/trading-features.ts";
import { lastFillAt } from "../tables/fills.ts";
import { hasPlacedFor } from "../tables/intents/counted.ts";
import { accountsWithPolicy, policyInForce } from "../tables/policies.ts";
import { isDue, lastDone, noteDone } from "../tables/scheduled-tasks.ts";
import { watchLoss } from "../transactions/circuit-breakers.ts";
import { askSidecar } from "./ask-sidecar.ts";

/**
 * The day's result of every account that traded today, checked once a minute while the PC is
 * there, so that a loss stops trading also when nobody asks for an order. An account that did
 * nothing today is not checked: the object sleeps, and its next order is judged all the same.
 */
export const LOSS_LOOK_MS = 60_000;
/** After the figures could not be read. */
const FAILED_LOOK_MS = 5 * 60_000;

const taskOf = (account: string): string => `loss:${account}`;

/** Checks where it is due; never throws. */
export async function checkLosses(parts: OrderParts): Promise<void> {
  const { sql } = parts.storage;
  for (const account of watched(parts)) {
    if (!isDue(sql, taskOf(account), LOSS_LOOK_MS, parts.now())) continue;
    noteDone(sql, taskOf(account), parts.now());
    const answer = await askSidecar(
      parts,
      pnlDaily,
      { account_id: account },
      { scope: "ibkr:risk:read", account },
    );
    if (!answer.ok || answer.value.account_id !== account) {
      noteDone(sql, taskOf(account), parts.now() + FAILED_LOOK_MS - LOSS_LOOK_MS);
      continue;
    }
    watchLoss(parts, account, {
      daily_pnl: answer.value.daily?.amount ?? null,
      net_liquidation: answer.value.net_liquidation?.amount ?? null,
      // The peak is kept at the PC and comes with an order's facts.
      peak_net_liquidation: null,
    });
  }
}

/** When the next check is due, in Unix milliseconds; null when nothing is watched. */
export function nextLossCheckAt(parts: OrderParts): number | null {
  const { sql } = parts.storage;
  const due = watched(parts).map((account) => (lastDone(sql, taskOf(account)) ?? 0) + LOSS_LOOK_MS);
  return due.length === 0 ? null : Math.min(...due);
}

/** Accounts with an order or a fill of today, under a policy that limits the day's loss. */
function watched(parts: OrderParts): string[] {
  const { sql } = parts.storage;
  const nowMs = parts.now();
  const day = tradingDay(nowMs);
  // Longer than the longest day, which has 25 hours.
  const sinceMs = nowMs - 26 * 3_600_000;
  return accountsWithPolicy(sql).filter((account) => {
    const filledAt = lastFillAt(sql, account);
    const traded =
      hasPlacedFor(sql, { brokerAccount: account, day, sinceMs }) ||
      (filledAt !== null && tradingDay(filledAt) === day);
    if (!traded) return false;
    const document = policyInForce(sql, account, nowMs)?.document;
    if (document === undefined || !feature(sql, document.mode).enabled) return false;
    const { daily_loss_soft, daily_loss_hard } = document.behaviour;
    return daily_loss_soft !== null || daily_loss_hard !== null;
  });
}
