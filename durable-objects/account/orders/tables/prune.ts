import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/state.ts";
import type { OrderParts } from "../order-context.ts";
import { isDue, noteDone } from "./scheduled-tasks.ts";

/**
 * What is long over leaves the account's object; the audit log keeps its events. Nothing goes that
 * may still mean something: an order that has not ended, or one of whose legs has not; a key before
 * its order; an approval before the order it let out. A key that is gone places nothing again: its
 * approval was taken, or ran out within the hour, and a mandate's orders need a preview that is gone
 * as well.
 */
export const KEPT_DAYS = 90;
/** What nobody looked at stays longer. */
export const UNSEEN_ALERTS_KEPT_DAYS = 365;
/** Of each kind of order of an account; see `historyOf`. */
export const LATEST_KEPT = 20;
/** Deleted of one table at once: a turn of the object stays short. */
const AT_ONCE = 500;
const EVERY_MS = 24 * 3_600_000;
const AGAIN_MS = 60_000;
const CHORE = "prune";
const DAY_MS = 86_400_000;

/** Once a day, when the object is awake anyway; sooner again when there was more than fits a turn. */
export function pruneNowAndThen(parts: Pick<OrderParts, "storage" | "now">): void {
  const { storage } = parts;
  const nowMs = parts.now();
  if (!isDue(storage.sql, CHORE, EVERY_MS, nowMs)) return;
  const whole = storage.transactionSync(() => pruneOrders(storage.sql, nowMs));
  noteDone(storage.sql, CHORE, whole ? nowMs : nowMs - EVERY_MS + AGAIN_MS);
}

/** True when nothing of that age is left. */
export function pruneOrders(sql: SqlStorage, nowMs: number, latestKept = LATEST_KEPT): boolean {
  const before = nowMs - KEPT_DAYS * DAY_MS;
  const intents = endedIntents(sql, before, latestKept);
  for (const coid of intents) sql.exec("DELETE FROM order_intents WHERE coid = ?", coid);
  const deleted = [
    // Of the same age only: a key outlives its order, never the other way round.
    gone(
      sql,
      `order_keys WHERE (client_id, idempotency_key) IN (
         SELECT client_id, idempotency_key FROM order_keys k WHERE used_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.coid = k.coid) LIMIT ?2)`,
      before,
    ),
    gone(
      sql,
      `order_approvals WHERE approval_id IN (
         SELECT approval_id FROM order_approvals a WHERE created_at < ?1 AND expires_at < ?1
           AND state <> 'reserved'
           AND NOT EXISTS (SELECT 1 FROM order_intents i WHERE i.approval_id = a.approval_id)
         LIMIT ?2)`,
      before,
    ),
    gone(
      sql,
      `order_previews WHERE preview_id IN (
         SELECT preview_id FROM order_previews p WHERE expires_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.preview_id = p.preview_id)
         LIMIT ?2)`,
      nowMs - DAY_MS,
    ),
    gone(
      sql,
      `order_sends WHERE approval_id IN (
         SELECT approval_id FROM order_sends s WHERE ?1 > 0
           AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = s.approval_id)
         LIMIT ?2)`,
      before,
    ),
    gone(
      sql,
      `order_approval_views WHERE approval_id IN (
         SELECT approval_id FROM order_approval_views v WHERE first_seen_at < ?1
           AND NOT EXISTS (SELECT 1 FROM order_approvals a WHERE a.approval_id = v.approval_id)
         LIMIT ?2)`,
      before,
    ),
    gone(
      sql,
      `order_alerts WHERE alert_key IN (
         SELECT alert_key FROM order_alerts WHERE at < ?1 AND seen_at IS NOT NULL LIMIT ?2)`,
      before,
    ),
    gone(
      sql,
      "order_alerts WHERE alert_key IN (SELECT alert_key FROM order_alerts WHERE at < ?1 LIMIT ?2)",
      nowMs - UNSEEN_ALERTS_KEPT_DAYS * DAY_MS,
    ),
    gone(
      sql,
      `order_fills WHERE execution_id IN (
         SELECT execution_id FROM order_fills WHERE at < ?1 LIMIT ?2)`,
      before,
    ),
    gone(sql, "order_stops WHERE at < ?1 AND ?2 > 0", before),
  ];
  return intents.length < AT_ONCE && deleted.every((count) => count < AT_ONCE);
}

/**
 * Orders that ended long ago with all their legs. An entry is filled for months while its exits
 * work; what became of several legs and was never told is not known, so that such an order stays.
 * The latest of an account stay too: what is an unusual size is measured by them.
 */
function endedIntents(sql: SqlStorage, beforeMs: number, latestKept: number): string[] {
  const rows = sql
    .exec<{ coid: string; orders: number; outcome: string | null }>(
      `SELECT coid, orders, outcome FROM (
         SELECT coid, orders, outcome, state, created_at, updated_at, ROW_NUMBER() OVER (
           PARTITION BY broker_account, asset_class, action, ledger ORDER BY created_at DESC
         ) AS latest FROM order_intents)
       WHERE latest > ? AND created_at < ? AND updated_at < ?
         AND state IN ('filled', 'cancelled', 'rejected', 'expired')
       ORDER BY created_at, coid`,
      latestKept,
      beforeMs,
      beforeMs,
    )
    .toArray();
  const ended: string[] = [];
  for (const { coid, orders, outcome } of rows) {
    if (orders > 1 && !legsEnded(orders, outcome)) continue;
    ended.push(coid);
    if (ended.length === AT_ONCE) break;
  }
  return ended;
}

function legsEnded(orders: number, outcome: string | null): boolean {
  const told = OrderOutcome.safeParse(JSON.parse(outcome ?? "null"));
  return (
    told.success &&
    told.data.orders.length >= orders &&
    told.data.orders.every(({ state }) => isTerminal(state))
  );
}

function gone(sql: SqlStorage, what: string, beforeMs: number): number {
  return sql.exec(`DELETE FROM ${what} RETURNING 1`, beforeMs, AT_ONCE).toArray().length;
}
