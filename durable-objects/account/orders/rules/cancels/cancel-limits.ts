import { type OrderRefusal, refusal } from "@ibkr-edge-gateway/protocol/orders/order-refusal.ts";
import type { TradingMode } from "@ibkr-edge-gateway/protocol/orders/order-terms.ts";
import { isClient } from "../../facts/account-facts.ts";
import { GATEWAY_CLIENT, OWNER_CLIENT } from "../../order-context.ts";
import { countUnsettledCancels, unsettledCancelOf } from "../../tables/intents/cancels.ts";

/**
 * What agents may cancel at once. A cancel passes every limit and, at the PC, goes before orders; so
 * that an agent in a loop keeps no exit from the broker, one order is cancelled once at a time, and
 * there is a bound on how many cancels of agents are in flight. The owner's and a switch's own are
 * never counted out.
 */

/** A cancel that is not settled by then may be asked for again: it may have been lost. */
export const CANCEL_AGAIN_MS = 30_000;
/** Of all agents together, in one broker account; what is older than the time above counts no more. */
export const AGENT_CANCELS_MAX = 40;

/** The cancel of this very order that is in flight, whoever asked for it; its cOID, or null. */
export function cancelInFlight(
  sql: SqlStorage,
  order: { brokerAccount: string; mode: TradingMode; target: string },
  nowMs: number,
): string | null {
  return unsettledCancelOf(sql, order, nowMs - CANCEL_AGAIN_MS);
}

/** Why an agent's cancel has to wait; null when there is room. */
export function noRoomToCancel(
  sql: SqlStorage,
  brokerAccount: string,
  nowMs: number,
): OrderRefusal | null {
  // A client that bears one of these names is a client and counts.
  const butClients = [OWNER_CLIENT, GATEWAY_CLIENT].filter((name) => !isClient(sql, name));
  const of = { brokerAccount, butClients };
  const open = countUnsettledCancels(sql, of, nowMs - CANCEL_AGAIN_MS);
  if (open < AGENT_CANCELS_MAX) return null;
  return refusal(
    "AGENT_BUDGET_EXCEEDED",
    "order_id",
    "withdrawals_at_once",
    `${AGENT_CANCELS_MAX} withdrawals of agents are under way in this account; ask again in half a minute.`,
  );
}
