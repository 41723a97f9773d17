import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operations/order-parts.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import type { OrderParts } from "../order-context.ts";
import { deleteAlerts } from "../tables/alerts.ts";
import { deleteFills } from "../tables/fills.ts";
import { deleteIntent, endedIntents } from "../tables/intents/history.ts";
import { deleteUnneeded } from "../tables/joint/no-longer-needed.ts";
import { isDue, noteDone } from "../tables/scheduled-tasks.ts";
import { deleteStops } from "../tables/stops.ts";

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
  const intents = prunable(sql, before, latestKept);
  for (const coid of intents) deleteIntent(sql, coid);
  const deleted = [
    // Of the same age only: a key outlives its order, never the other way round.
    deleteUnneeded(sql, "keys", before, AT_ONCE),
    deleteUnneeded(sql, "approvals", before, AT_ONCE),
    deleteUnneeded(sql, "previews", nowMs - DAY_MS, AT_ONCE),
    deleteUnneeded(sql, "sends", before, AT_ONCE),
    deleteUnneeded(sql, "views", before, AT_ONCE),
    deleteAlerts(sql, "seen", before, AT_ONCE),
    deleteAlerts(sql, "all", nowMs - UNSEEN_ALERTS_KEPT_DAYS * DAY_MS, AT_ONCE),
    deleteFills(sql, before, AT_ONCE),
    deleteStops(sql, before),
  ];
  return intents.length < AT_ONCE && deleted.every((count) => count < AT_ONCE);
}

/**
 * Orders that ended long ago with all their legs. An entry is filled for months while its exits
 * work; what became of several legs and was never reported is not known, so that such an order stays.
 * The latest of an account stay too: what is an unusual size is measured by them.
 */
function prunable(sql: SqlStorage, beforeMs: number, latestKept: number): string[] {
  const ended: string[] = [];
  for (const { coid, orders, outcome } of endedIntents(sql, beforeMs, latestKept)) {
    if (orders > 1 && !legsEnded(orders, outcome)) continue;
    ended.push(coid);
    if (ended.length === AT_ONCE) break;
  }
  return ended;
}

function legsEnded(orders: number, outcome: string | null): boolean {
  const parsed = OrderOutcome.safeParse(JSON.parse(outcome ?? "null"));
  return (
    parsed.success &&
    parsed.data.orders.length >= orders &&
    parsed.data.orders.every(({ state }) => isTerminal(state))
  );
}
