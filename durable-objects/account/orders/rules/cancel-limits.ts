import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/terms.ts";
import { OWNER_CLIENT } from "../order-context.ts";

/**
 * What agents may withdraw at once. A withdrawal passes every limit and, at the PC, goes before
 * orders; so that an agent in a loop keeps no exit from the broker, one order is withdrawn once at a
 * time, and there is a bound on how many withdrawals of agents are under way. The owner's and a
 * switch's own are never counted out.
 */

/** A withdrawal that is not settled by then may be asked for again: it may have been lost. */
export const WITHDRAW_AGAIN_MS = 30_000;
/** Of all agents together, in one broker account; what is older than the time above counts no more. */
export const AGENT_WITHDRAWALS_MAX = 40;

const UNSETTLED = `broker_account = ? AND created_at > ? AND action = 'cancel'
  AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')`;

/** The withdrawal of this very order that is under way, whoever asked for it; its cOID, or null. */
export function withdrawalUnderWay(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: TradingMode; withdraws: string },
  nowMs: number,
): string | null {
  const [row] = sql
    .exec<{ coid: string }>(
      `SELECT coid FROM order_intents WHERE ${UNSETTLED} AND mode = ? AND withdraws = ?
       ORDER BY created_at DESC LIMIT 1`,
      order.brokerAccount,
      nowMs - WITHDRAW_AGAIN_MS,
      order.mode,
      order.withdraws,
    )
    .toArray();
  return row?.coid ?? null;
}

/** Why an agent's withdrawal has to wait; null when there is room. */
export function noRoomToWithdraw(
  sql: SqlStorage,
  brokerAccount: string,
  nowMs: number,
): OrderRefusal | null {
  const [row] = sql
    .exec<{ open: number }>(
      `SELECT COUNT(*) AS open FROM order_intents WHERE ${UNSETTLED} AND client_id <> ?`,
      brokerAccount,
      nowMs - WITHDRAW_AGAIN_MS,
      OWNER_CLIENT,
    )
    .toArray();
  if ((row?.open ?? 0) < AGENT_WITHDRAWALS_MAX) return null;
  return refusal(
    "AGENT_BUDGET_EXCEEDED",
    "order_id",
    "withdrawals_at_once",
    `${AGENT_WITHDRAWALS_MAX} withdrawals of agents are under way in this account; ask again in half a minute.`,
  );
}
