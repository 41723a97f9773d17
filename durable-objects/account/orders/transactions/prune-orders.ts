import { PREVIEW_SECONDS } from "@ibkr-edge-gateway/protocol/limits.ts";
import { OrderOutcome } from "@ibkr-edge-gateway/protocol/operation-schemas/order-parts.ts";
import { isTerminal } from "@ibkr-edge-gateway/protocol/orders/order-state.ts";
import * as z from "zod";
import type { OrderParts } from "../order-context.ts";
import { deleteAlerts } from "../tables/alerts.ts";
import { deleteView } from "../tables/approval-views.ts";
import { deleteStops } from "../tables/circuit-breaker-stops.ts";
import { deleteFills } from "../tables/fills.ts";
import { deleteKey } from "../tables/idempotency-keys.ts";
import { accountsWithOrders, kindsOf } from "../tables/intents/accounts-and-asset-classes.ts";
import { deleteIntent, type EndedIntent, endedIntents } from "../tables/intents/history.ts";
import { deleteApprovals, deletePreviews, nextKeys } from "../tables/joint/no-longer-needed.ts";
import { forgetNumbers } from "../tables/order-numbers.ts";
import { previewsMade } from "../tables/previews.ts";
import { isDue, lastDone, noteDone } from "../tables/scheduled-tasks.ts";
import { deleteSendWish } from "../tables/sends.ts";
import { endSweep, noteSwept, sweptTo } from "../tables/sweeps.ts";

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
const AT_ONCE = 100;
const EVERY_MS = 24 * 3_600_000;
const AGAIN_MS = 5_000;
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

/** When the next turn is due, in Unix milliseconds; null when only the day's is. */
export function nextPruneAt({ storage, now }: Pick<OrderParts, "storage" | "now">): number | null {
  const last = lastDone(storage.sql, CHORE);
  if (last === null) return null;
  const due = last + EVERY_MS;
  // A whole turn waits for the object to be awake anyway; one that left something asks for the next.
  return due - now() <= AGAIN_MS ? due : null;
}

/** True when nothing of that age is left. */
export function pruneOrders(sql: SqlStorage, nowMs: number, latestKept = LATEST_KEPT): boolean {
  const before = nowMs - KEPT_DAYS * DAY_MS;
  const intents = prunable(sql, before, latestKept);
  for (const { coid, outcome } of intents) {
    const parsed = OrderOutcome.safeParse(JSON.parse(outcome ?? "null"));
    if (parsed.success) forgetNumbers(sql, coid, parsed.data);
    deleteIntent(sql, coid);
  }
  const asked = deleteApprovals(sql, before, AT_ONCE);
  for (const { approvalId } of asked) {
    deleteSendWish(sql, approvalId);
    deleteView(sql, approvalId);
  }
  deletePreviews(
    sql,
    asked.map(({ previewId }) => previewId),
  );
  const done = [
    intents.length,
    asked.length,
    pruneUnasked(sql, nowMs),
    // Of the same age only: a key outlives its order, never the other way round.
    pruneKeys(sql, before),
    deleteAlerts(sql, "seen", before, AT_ONCE),
    deleteAlerts(sql, "all", nowMs - UNSEEN_ALERTS_KEPT_DAYS * DAY_MS, AT_ONCE),
    deleteFills(sql, before, AT_ONCE),
    deleteStops(sql, before),
  ];
  return done.every((count) => count < AT_ONCE);
}

/**
 * Orders that ended long ago with all their legs. An entry is filled for months while its exits
 * work; what became of several legs and was never reported is not known, so that such an order stays.
 * The latest of an account stay too: what is an unusual size is measured by them.
 */
function prunable(sql: SqlStorage, beforeMs: number, latestKept: number): EndedIntent[] {
  const ended: EndedIntent[] = [];
  for (const brokerAccount of accountsWithOrders(sql)) {
    for (const assetClass of kindsOf(sql, brokerAccount)) {
      const of = { brokerAccount, assetClass };
      let after: EndedIntent | null = null;
      do {
        const page = { after, limit: AT_ONCE };
        const old: EndedIntent[] = endedIntents(sql, of, beforeMs, latestKept, page);
        ended.push(...old.filter((one) => one.orders <= 1 || legsEnded(one.orders, one.outcome)));
        after = old.length < AT_ONCE ? null : (old.at(-1) ?? null);
      } while (after !== null && ended.length < AT_ONCE);
      if (ended.length >= AT_ONCE) return ended;
    }
  }
  return ended;
}

/**
 * Previews of more than a day ago that nobody asked the owner about; each is looked at once. How many
 * were looked at.
 */
function pruneUnasked(sql: SqlStorage, nowMs: number): number {
  const before = nowMs - DAY_MS - PREVIEW_SECONDS * 1_000;
  const from = Number(sweptTo(sql, PREVIEWS) ?? 0);
  const made = previewsMade(sql, from, before, AT_ONCE);
  deletePreviews(
    sql,
    made.map(({ previewId }) => previewId),
  );
  const last = made.at(-1);
  if (last === undefined) return 0;
  // The last one is looked at again with whatever was made in the same millisecond.
  const stuck = made.length === AT_ONCE && last.createdAt === from;
  noteSwept(sql, PREVIEWS, String(stuck ? from + 1 : last.createdAt));
  return made.length;
}

/** Goes on through the keys, from where it was left; how many were looked at. */
function pruneKeys(sql: SqlStorage, beforeMs: number): number {
  const after = SweptKey.parse(JSON.parse(sweptTo(sql, KEYS) ?? '["",""]'));
  const [clientId, key] = after;
  const keys = nextKeys(sql, { clientId, key }, beforeMs, AT_ONCE);
  const spent = keys.filter((one) => one.spent);
  for (const one of spent) deleteKey(sql, one.clientId, one.key);
  const last = keys.at(-1);
  if (last === undefined || keys.length < AT_ONCE) endSweep(sql, KEYS);
  else noteSwept(sql, KEYS, JSON.stringify([last.clientId, last.key]));
  // A part that holds what is to go is no reason for another turn: the days go through all of it.
  return spent.length;
}

const PREVIEWS = "order_previews";
const KEYS = "order_keys";
const SweptKey = z.tuple([z.string(), z.string()]);

function legsEnded(orders: number, outcome: string | null): boolean {
  const parsed = OrderOutcome.safeParse(JSON.parse(outcome ?? "null"));
  return (
    parsed.success &&
    parsed.data.orders.length >= orders &&
    parsed.data.orders.every(({ state }) => isTerminal(state))
  );
}
