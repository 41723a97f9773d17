import { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { IntentRow } from "./rows.ts";

/** What limits and circuit breakers count of `order_intents`. */

/** What the counters and the duplicate rule need of a row, and no more: there may be many. */
export type CountedIntent = Pick<
  IntentRow,
  | "coid"
  | "client_id"
  | "action"
  | "conid"
  | "side"
  | "asset_class"
  | "quantity"
  | "time_in_force"
  | "economic_hash"
  | "effect"
  | "state"
  | "orders"
  | "notional"
  | "filled_notional"
  | "ledger"
  | "seen"
  | "day"
  | "created_at"
  | "updated_at"
>;

/**
 * Everything let out since a moment or for the day and later ones, and what is older and may still be
 * an order; newest first.
 */
export function countedIntents(
  sql: SqlStorage,
  brokerAccount: string,
  from: { sinceMs: number; day: string },
): CountedIntent[] {
  return sql
    .exec<CountedIntent>(
      `SELECT coid, client_id, action, conid, side, asset_class, quantity, time_in_force,
         economic_hash, effect, state, orders, notional, filled_notional, ledger, seen, day,
         created_at, updated_at
       FROM order_intents
       WHERE broker_account = ?
         AND (created_at >= ? OR day >= ? OR state NOT IN ('filled', 'cancelled', 'rejected', 'expired'))
       ORDER BY created_at DESC, coid`,
      brokerAccount,
      from.sinceMs,
      from.day,
    )
    .toArray();
}

/** The sizes of the latest orders of one kind that were not released. */
export function latestSizes(
  sql: SqlStorage,
  of: { brokerAccount: string; assetClass: string },
  limit: number,
): { quantity: string | null; notional: string | null }[] {
  return sql
    .exec<{ quantity: string | null; notional: string | null }>(
      `SELECT quantity, notional FROM order_intents
       WHERE broker_account = ? AND action = 'place' AND asset_class = ? AND ledger <> 'released'
       ORDER BY created_at DESC LIMIT ?`,
      of.brokerAccount,
      of.assetClass,
      limit,
    )
    .toArray();
}

/** How the latest orders and changes of an account went, newest first. */
export function latestOutcomes(
  sql: SqlStorage,
  of: { brokerAccount: string; sinceMs: number },
  limit: number,
): { coid: string; state: OrderState; delivered: number; proved_by: string | null }[] {
  return sql
    .exec<{ coid: string; state: string; delivered: number; proved_by: string | null }>(
      `SELECT coid, state, delivered, json_extract(outcome, '$.proved_by') AS proved_by
       FROM order_intents
       WHERE broker_account = ? AND created_at > ? AND action <> 'cancel'
       ORDER BY created_at DESC, coid LIMIT ?`,
      of.brokerAccount,
      of.sinceMs,
      limit,
    )
    .toArray()
    .map((row) => ({ ...row, state: OrderState.parse(row.state) }));
}

/** The accounts in which something was placed for a trading day, whenever sent, and not released. */
export function accountsThatPlaced(sql: SqlStorage, day: string): string[] {
  return sql
    .exec<{ broker_account: string }>(
      `SELECT DISTINCT broker_account FROM order_intents
       WHERE day = ? AND action = 'place' AND ledger <> 'released'`,
      day,
    )
    .toArray()
    .map(({ broker_account }) => broker_account);
}
