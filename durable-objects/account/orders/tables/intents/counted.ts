import { OrderState } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import { kindsOf } from "./accounts-and-asset-classes.ts";
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
  | "doubt_since"
  | "absent_reads"
>;

const COUNTED = `coid, client_id, action, conid, side, asset_class, quantity, time_in_force,
  economic_hash, effect, state, orders, notional, filled_notional, ledger, seen, day, created_at,
  updated_at, doubt_since, absent_reads`;

/**
 * Everything let out since a moment or for the day and later ones, and what is older and may still be
 * an order; newest first. Only an order that waited counts for a later day than the one it was sent
 * on: the moment lies before that day's beginning.
 */
export function countedIntents(
  sql: SqlStorage,
  brokerAccount: string,
  from: { sinceMs: number; day: string },
): CountedIntent[] {
  return sql
    .exec<CountedIntent>(
      `SELECT ${COUNTED} FROM json_each(?4) AS kind CROSS JOIN order_intents
       WHERE broker_account = ?1 AND asset_class = kind.value AND created_at >= ?2
       UNION ALL
       SELECT ${COUNTED} FROM order_intents INDEXED BY order_intents_waited
       WHERE waits IS NOT NULL AND day >= ?3 AND broker_account = ?1 AND created_at < ?2
       UNION ALL
       SELECT ${COUNTED} FROM order_intents INDEXED BY order_intents_open
       WHERE broker_account = ?1 AND ended_at IS NULL AND created_at < ?2
         AND state NOT IN ('filled', 'cancelled', 'rejected', 'expired')
         AND NOT (waits IS NOT NULL AND day >= ?3)
       ORDER BY created_at DESC, coid`,
      brokerAccount,
      from.sinceMs,
      from.day,
      JSON.stringify(kindsOf(sql, brokerAccount)),
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
       FROM json_each(?4) AS kind CROSS JOIN order_intents
       WHERE broker_account = ?1 AND asset_class = kind.value AND created_at > ?2 AND action <> 'cancel'
       ORDER BY created_at DESC, coid LIMIT ?3`,
      of.brokerAccount,
      of.sinceMs,
      limit,
      JSON.stringify(kindsOf(sql, of.brokerAccount)),
    )
    .toArray()
    .map((row) => ({ ...row, state: OrderState.parse(row.state) }));
}

/**
 * Whether something was placed in an account for a trading day, whenever sent, and not released.
 * @param sinceMs a moment before the day's beginning: what counts for the day and was sent earlier
 *   has waited for it
 */
export function hasPlacedFor(
  sql: SqlStorage,
  of: { brokerAccount: string; day: string; sinceMs: number },
): boolean {
  return (
    sql
      .exec(
        `SELECT 1 FROM json_each(?4) AS kind CROSS JOIN order_intents
         WHERE broker_account = ?1 AND asset_class = kind.value AND created_at >= ?2
           AND day = ?3 AND action = 'place' AND ledger <> 'released'
         UNION ALL
         SELECT 1 FROM order_intents
         WHERE waits IS NOT NULL AND day = ?3 AND broker_account = ?1
           AND action = 'place' AND ledger <> 'released'
         LIMIT 1`,
        of.brokerAccount,
        of.sinceMs,
        of.day,
        JSON.stringify(kindsOf(sql, of.brokerAccount)),
      )
      .toArray().length > 0
  );
}
